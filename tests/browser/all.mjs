// Every story in one process: one Chromium, and the demonstration is loaded once.
import './meeting.test.mjs';
