// Every story in one process: one Chromium, and the demonstration is loaded once.
import './meeting.test.mjs';
import './comes_back.test.mjs';
import './watching.test.mjs';
import './guest.test.mjs';
import './masked.test.mjs';
import './pointing.test.mjs';
import './access.test.mjs';
import './pages.test.mjs';
import './preparation.test.mjs';
import './keyboard.test.mjs';
import './by_hand.test.mjs';
import './after_decisions.test.mjs';
import './standard_of_care.test.mjs';
import './bad_line.test.mjs';
import './benches.test.mjs';
