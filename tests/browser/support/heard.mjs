// What one person's line said, read without our codec: frames by the positions that protocol/README.md and
// protocol/generated/PROTOCOL.md state, and a meeting counted again from its events alone.
import { require } from './packages.mjs';

const { decode } = require('@msgpack/msgpack');

const SESSION_CHANNEL = 0;
const OPEN_CHANNEL = 2;
const BOARD = 1;
const PATIENT_CASE = 2;
const SNAPSHOT = 90;
const OUTCOMES = ['none', 'decided', 'deferred', 'later', 'not_discussed', 'standard'];
const SIDES = ['unknown', 'right', 'left', 'both', 'none'];
const VOTES = ['agree', 'dissent', 'abstain'];
const CHAIR = 0;
const ROLES_WITH_VOTE = 2; // chair 0, coordinator 1, member 2
const DISPLAY = 9;

const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

/** Collects from now on: before the person signs in. */
export class Heard {
  constructor(page) {
    this.snapshots = [];
    this.events = new Map();
    page.on('websocket', (socket) => {
      const channels = new Map();
      socket.on('framesent', ({ payload }) => this.sent(channels, decode(payload)));
      socket.on('framereceived', ({ payload }) => this.received(channels, decode(payload)));
    });
  }

  sent(channels, [channel, tag, , fields]) {
    if (channel !== SESSION_CHANNEL || tag !== OPEN_CHANNEL) return;
    const [number, kind, id] = fields;
    channels.set(number, { kind, id: hex(id) });
  }

  received(channels, frame) {
    const about = channels.get(frame[0]);
    if (!about) return;
    if (frame.length === 7) {
      const [, tag, version, , at, , fields] = frame;
      this.events.set(`${about.id} ${version}`, { ...about, tag, version, at, fields });
    } else if (frame.length === 4 && frame[2] === 0) {
      this.snapshots.push({ ...about, tag: frame[1], fields: frame[3] });
    }
  }

  of(kind, id) {
    return [...this.events.values()]
      .filter((one) => one.kind === kind && (id === undefined || one.id === id))
      .sort((a, b) => a.version - b.version);
  }

  firstSnapshot(kind, id) {
    return this.snapshots.find((one) => one.kind === kind && one.id === id && one.tag === SNAPSHOT)?.fields;
  }

  /** The meeting as its events tell it; `board` is the last part of its address. */
  recount(board) {
    const id = board.replaceAll('-', '');
    const meeting = this.meeting(id);
    const recorded = (item) => {
      const about = [PATIENT_CASE, item.patientCase];
      return recountCase(this.firstSnapshot(...about), this.of(...about), id, item);
    };
    return {
      attendance: attendance(meeting),
      cases: meeting.items.map((item) => ({ ...told(meeting, item), ...recorded(item) })),
    };
  }

  /** How each case ended, as the board alone tells it: also of cases that this line never opened. */
  endings(board) {
    const meeting = this.meeting(board.replaceAll('-', ''));
    return meeting.items.map((item) => told(meeting, item));
  }

  meeting(id) {
    return recountBoard(this.firstSnapshot(BOARD, id), this.of(BOARD, id));
  }
}

const personOf = ([user, role, ...rest]) => ({ ...seatedOf([user, ...rest]), role });
const seatedOf = ([user, name, discipline = '', noVote = false]) => ({ user: hex(user), name, discipline, noVote });
const itemOf = ([item, patientCase, plannedSeconds = 180]) => ({
  item,
  patientCase: hex(patientCase),
  plannedSeconds,
  usedMs: 0,
  outcome: 'none',
  reason: 0,
});

function recountBoard(snapshot, events) {
  const [, , , members = [], items = [], , attended = [], , , , template] = snapshot;
  const meeting = {
    template,
    members: new Map(members.map(personOf).map((one) => [one.user, one])),
    items: items.map(([item, patientCase, planned]) => itemOf([item, patientCase, planned])),
    attended: new Set(attended.map(hex)),
    seated: new Map(),
    open: undefined,
  };
  for (const event of events) count(meeting, event);
  return meeting;
}

/** What no minutes depend on: what an agenda lacks, its cut-off, its end, the floor, what guests are told. */
const SILENT = new Set([78, 79, 92, 93, 94, 95, 96, 114, 115, 116, 117]);

/** A stretch that was taken back within seconds counts for no case. */
function count(meeting, { tag, at, fields }) {
  const [first] = fields;
  const item = meeting.items.find((one) => one.item === first);
  switch (tag) {
    case 73: // ItemAdded
      return meeting.items.push(itemOf(fields));
    case 76: // ItemOpened
    case 84: // StepUndone
      if (tag === 84 && item) Object.assign(item, { outcome: 'none', reason: 0 });
      return (meeting.open = { item, at });
    case 77: // ItemClosed
      if (meeting.open?.item === item) item.usedMs += (at - meeting.open.at) / 1000;
      return Object.assign(item, { outcome: OUTCOMES[fields[2] ?? 0], reason: fields[3] ?? 0 });
    case 83: // ItemSet
      return Object.assign(item, { plannedSeconds: fields[1] });
    case 85: // StandardConfirmed
      for (const one of meeting.items.filter(({ item: number }) => first.includes(number)))
        Object.assign(one, { outcome: 'standard', reason: 0 });
      return undefined;
    case 118: // RestPutOff
      for (const one of meeting.items.filter(({ item: number }) => first.includes(number)))
        Object.assign(one, { outcome: one.outcome === 'later' ? 'deferred' : 'not_discussed', reason: fields[1] ?? 0 });
      return undefined;
    case 80: // MemberAdded
      return meeting.members.set(hex(first[0]), personOf(first));
    case 82: // Attended
      return meeting.attended.add(hex(first));
    case 88: // TickedIn
      return meeting.seated.set(hex(first[0]), seatedOf(first));
    case 89: // TickedOut
      return meeting.seated.delete(hex(first));
    default:
      if (!SILENT.has(tag)) throw new Error(`an event ${tag} of a board, which this does not count`);
  }
}

function attendance({ template, members, seated, attended }) {
  const core = (template?.[4] ?? []).map(([text]) => text);
  const people = new Map([...members.values(), ...seated.values()].map((one) => [one.user, { ...one }]));
  const rows = [...people.values()].filter((one) => one.role !== DISPLAY).map((one) => {
    const member = members.get(one.user) ?? one;
    const ticked = member.role === undefined;
    const votes = ticked || member.role === CHAIR || (member.role <= ROLES_WITH_VOTE && member.discipline !== '');
    return {
      discipline: member.discipline,
      core: core.includes(member.discipline),
      name: member.name,
      present: attended.has(one.user) || seated.has(one.user),
      vote: template?.[5] === true && votes && !member.noVote,
    };
  });
  const empty = core.filter((discipline) => !rows.some((one) => one.discipline === discipline));
  return [...rows, ...empty.map((discipline) => ({ discipline, core: true, name: '', present: false }))];
}

const told = ({ template }, { item, plannedSeconds, usedMs, outcome, reason }) => ({
  item,
  planned: plannedSeconds / 60,
  used: usedMs / 60_000,
  outcome,
  reason: reason === 0 ? '' : template[3][reason - 1][0],
});

/** `votes` are those on the text that stands. */
function recountCase(snapshot, events, board, { item }) {
  const [family, given] = snapshot[0][0].split('^');
  const record = { patient: `${family}, ${given}`, patientId: snapshot[0][3], unready: '', images: [] };
  const here = ([where, number]) => hex(where) === board && number === item;
  const votes = new Map();
  for (const { tag, at, fields } of events) {
    if (tag === 86) {
      record.images.push(fields[1]); // KeyImageMarked
    } else if (tag === 88 && here(fields.slice(1))) {
      // DecisionRecorded
      const [decision, , , revision, , values, side = 0] = fields;
      const recommendation = values.find(([key]) => key === 'recommendation')?.[1];
      record.decision = { decision: hex(decision), revision, recommendation, side: SIDES[side] };
    } else if (tag === 89 && hex(fields[0]) === record.decision?.decision) {
      Object.assign(record.decision, { signer: fields[2], signedAt: at }); // DecisionSigned
    } else if (tag === 92 && hex(fields[0]) === record.decision?.decision) {
      const [person, name, choice = 0, reason = '', revision] = fields[1]; // VoteCast
      votes.set(hex(person), { name, choice: VOTES[choice], reason, revision });
    } else if (tag === 114 && here(fields[0])) {
      record.unready = fields[0][4] ?? ''; // Discussed
    }
  }
  record.votes = [...votes.values()].filter((one) => one.revision === record.decision?.revision);
  return record;
}
