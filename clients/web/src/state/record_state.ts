// What the events of a case do to its record: the card, the views, the decisions and what follows from them.
import type {
    CardEntry,
    Decision,
    KeyImage,
    PatientCaseDown,
    SavedView,
    Task,
    TaskState,
} from '../wire';
import { ZERO_UUID } from '../wire';
import type { CaseModel, Header } from './case_state';

export function reduceRecord(
    patientCase: CaseModel,
    message: PatientCaseDown,
    header: Header,
): CaseModel | undefined {
    return (
        reduceCard(patientCase, message, header) ??
        reduceViews(patientCase, message, header) ??
        reduceDecisions(patientCase, message, header) ??
        reduceFollowUp(patientCase, message, header)
    );
}

function reduceCard(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { version, at, by = ZERO_UUID }: Header,
): CaseModel | undefined {
    if (message.type !== 'CardSet') {
        return undefined;
    }
    const { topic, text } = message;
    const entry: CardEntry = { topic, text, by, at, version };
    const others = patientCase.card.filter((one) => one.topic !== topic);
    return { ...patientCase, card: [...others, entry] };
}

function reduceViews(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { at, by = ZERO_UUID }: Header,
): CaseModel | undefined {
    const { views } = patientCase;
    switch (message.type) {
        case 'ViewSaved': {
            const { view, title, layout, note } = message;
            const saved: SavedView = { view, title, layout, by, at, note };
            const known = views.some((one) => one.view === view);
            return {
                ...patientCase,
                views: known
                    ? views.map((one) => (one.view === view ? saved : one))
                    : [...views, saved],
            };
        }
        case 'ViewRemoved':
            return { ...patientCase, views: views.filter((one) => one.view !== message.view) };
        case 'ViewMoved': {
            const moving = views.find((one) => one.view === message.view);
            if (!moving) {
                return patientCase;
            }
            const rest = views.filter((one) => one !== moving);
            rest.splice(Math.min(message.position, rest.length), 0, moving);
            return { ...patientCase, views: rest };
        }
        case 'KeyImageMarked': {
            const { key, title, layout } = message;
            const marked: KeyImage = { key, title, layout, by, at };
            const others = patientCase.keyImages.filter((one) => one.key !== key);
            return { ...patientCase, keyImages: [...others, marked] };
        }
        case 'KeyImageUnmarked':
            return {
                ...patientCase,
                keyImages: patientCase.keyImages.filter((one) => one.key !== message.key),
            };
        default:
            return undefined;
    }
}

const withDecision = (
    patientCase: CaseModel,
    decision: string,
    change: (one: Decision) => Decision,
): CaseModel => ({
    ...patientCase,
    decisions: patientCase.decisions.map((one) => (one.decision === decision ? change(one) : one)),
});

type Recorded = Extract<PatientCaseDown, { type: 'DecisionRecorded' }>;

/** The tasks of an older revision go with it; votes stay, marked by their revision. */
function recorded(
    patientCase: CaseModel,
    message: Recorded,
    at: number,
    by: string,
): CaseModel {
    const { type: _type, tasks, ...said } = message;
    const before = patientCase.decisions.find((one) => one.decision === said.decision);
    const decision: Decision = {
        ...said,
        by,
        at,
        signedBy: ZERO_UUID,
        signedName: '',
        signedAt: 0,
        votes: before?.votes ?? [],
        following: 'unknown',
        followingWhy: '',
        followingAt: 0,
        signature: undefined,
        addenda: [],
    };
    const decisions = before
        ? patientCase.decisions.map((one) => (one === before ? decision : one))
        : [...patientCase.decisions, decision];
    const others = patientCase.tasks.filter((one) => one.decision !== said.decision);
    const made = tasks.map((one): Task => ({ ...one, decision: said.decision }));
    return { ...patientCase, decisions, tasks: [...others, ...made] };
}

function reduceDecisions(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { at, by = ZERO_UUID }: Header,
): CaseModel | undefined {
    switch (message.type) {
        case 'DecisionRecorded':
            return recorded(patientCase, message, at, by);
        case 'DecisionSigned':
            return withDecision(patientCase, message.decision, (one) => ({
                ...one,
                signedBy: message.by,
                signedName: message.name,
                signedAt: at,
                signature: message.signature,
            }));
        case 'AddendumAdded':
            return withDecision(patientCase, message.decision, (one) => ({
                ...one,
                addenda: [...one.addenda, message.addendum],
            }));
        case 'VoteCast': {
            const { decision, vote } = message;
            return withDecision(patientCase, decision, (one) => ({
                ...one,
                votes: [...one.votes.filter((other) => other.person !== vote.person), vote],
            }));
        }
        case 'FollowingRecorded':
            return withDecision(patientCase, message.decision, (one) => ({
                ...one,
                following: message.following,
                followingWhy: message.why,
                followingAt: at,
            }));
        default:
            return undefined;
    }
}

function closed(task: Task, state: TaskState, reason: string, by: string, at: number): Task {
    const open = state === 'open';
    return { ...task, state, reason, closedBy: open ? ZERO_UUID : by, closedAt: open ? 0 : at };
}

function reduceFollowUp(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { at, by = ZERO_UUID }: Header,
): CaseModel | undefined {
    switch (message.type) {
        case 'TaskClosed':
            return {
                ...patientCase,
                tasks: patientCase.tasks.map((one) =>
                    one.task === message.task
                        ? closed(one, message.state, message.reason, by, at)
                        : one,
                ),
            };
        case 'Discussed': {
            const { discussion } = message;
            const others = patientCase.discussions.filter(
                (one) => one.board !== discussion.board || one.item !== discussion.item,
            );
            return { ...patientCase, discussions: [...others, discussion] };
        }
        case 'OpenedForBoard':
            return {
                ...patientCase,
                boards: patientCase.boards.map((one) =>
                    one.board === message.board && one.item === message.item
                        ? { ...one, open: message.open }
                        : one,
                ),
            };
        case 'SealedForBoard':
            return {
                ...patientCase,
                boards: patientCase.boards.map((one) =>
                    one.board === message.board && one.item === message.item
                        ? { ...one, sealed: message.sealed }
                        : one,
                ),
            };
        default:
            return undefined;
    }
}

/** A case's decision in one meeting. */
export const decisionOf = (
    patientCase: CaseModel,
    board: string,
    item: number,
): Decision | undefined =>
    patientCase.decisions.find((one) => one.board === board && one.item === item);
