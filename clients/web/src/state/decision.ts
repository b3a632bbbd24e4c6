// A decision while it is written, and what has to be right before it is signed.
import type {
    BoardLink,
    CaseMember,
    Decision,
    FieldValue,
    Side,
    Task,
    Template,
    TemplateField,
    Vote,
} from '../wire';
import { defaultTask, ZERO_UUID } from '../wire';
import type { CaseModel } from './case_state';

export interface DecisionDraft {
    decision: string;
    /** Revision it was begun from; 0 = there was none. */
    based: number;
    values: Readonly<Record<string, string>>;
    side: Side;
    tasks: Task[];
}

/** What a decision says of one field; the side has a type of its own. */
export const valueOf = (decision: Decision, key: string): string =>
    decision.fields.find((one) => one.key === key)?.value ?? '';

export const tasksOf = (patientCase: CaseModel, decision: string): Task[] =>
    patientCase.tasks.filter((one) => one.decision === decision);

export function beginDraft(
    patientCase: CaseModel,
    decision: Decision | undefined,
    newId: () => string,
): DecisionDraft {
    return {
        decision: decision?.decision ?? newId(),
        based: decision?.revision ?? 0,
        values: Object.fromEntries(decision?.fields.map(({ key, value }) => [key, value]) ?? []),
        side: decision?.side ?? 'unknown',
        tasks: decision ? tasksOf(patientCase, decision.decision) : [],
    };
}

export const newTask = (id: string): Task => ({ ...defaultTask(), task: id });

/** Fields as they are sent: what is filled in, of what the template asks for. */
export function fieldsOf(draft: DecisionDraft, template: Template): FieldValue[] {
    return template.fields
        .filter((field) => field.kind !== 'side')
        .map(({ key }) => ({ key, value: (draft.values[key] ?? '').trim() }))
        .filter(({ value }) => value !== '');
}

export const sentTasks = (draft: DecisionDraft): Task[] =>
    draft.tasks
        .map((task) => ({ ...task, text: task.text.trim() }))
        .filter((task) => task.text !== '');

/** Required fields without an answer: signing is refused for them. */
export function unanswered(decision: Decision, template: Template): TemplateField[] {
    return template.fields.filter(
        (field) =>
            field.required &&
            (field.kind === 'side'
                ? decision.side === 'unknown'
                : valueOf(decision, field.key) === ''),
    );
}

/** The words of each side in every language of the interface, parted by spaces. */
export interface SideWords {
    right: string;
    left: string;
}

const says = (text: string, words: string): boolean =>
    words
        .split(' ')
        .map((word) => word.replaceAll('.', '\\.'))
        .some((word) => new RegExp(`(?<![\\p{L}])${word}(?![\\p{L}])`, 'iu').test(text));

/**
 * The side that a text names though the decision is for the other one; undefined when it fits. What is
 * not for one side alone and names one is worth a look, too; both sides cover each.
 */
export function otherSide(
    texts: readonly string[],
    side: Side,
    languages: readonly SideWords[],
): 'right' | 'left' | undefined {
    const named = (which: 'right' | 'left') =>
        texts.some((text) => languages.some((words) => says(text, words[which])));
    if (side === 'both') {
        return undefined;
    }
    if (side !== 'left' && named('left')) {
        return 'left';
    }
    return side !== 'right' && named('right') ? 'right' : undefined;
}

/** All that a decision says in free words. */
export const textsOf = (decision: Decision): string[] => decision.fields.map((one) => one.value);

export interface Tally {
    agree: number;
    dissent: number;
    abstain: number;
    /** Votes on a text that has changed since. */
    older: Vote[];
    current: Vote[];
}

export function tally(decision: Decision): Tally {
    const current = decision.votes.filter((one) => one.revision === decision.revision);
    const count = (choice: Vote['choice']) => current.filter((one) => one.choice === choice).length;
    return {
        agree: count('agree'),
        dissent: count('dissent'),
        abstain: count('abstain'),
        older: decision.votes.filter((one) => one.revision !== decision.revision),
        current,
    };
}

export const linkOf = (patientCase: CaseModel, board: string): BoardLink | undefined =>
    patientCase.boards.find((one) => one.board === board);

/** The meeting that decides just now, seen from the case: the newest one that is not over. */
export const decidingLink = (patientCase: Pick<CaseModel, 'boards'>): BoardLink | undefined =>
    [...patientCase.boards].reverse().find((one) => one.template !== undefined && !one.sealed);

export const memberOf = (link: BoardLink, user: string): CaseMember | undefined =>
    link.members.find((one) => one.user === user);

/** Days have no hour of their own: noon keeps the date in every zone near. */
export const dueFromDay = (day: string): number =>
    day === '' ? 0 : new Date(`${day}T12:00:00`).getTime() * 1000;

export function dayFromDue(due: number): string {
    if (due === 0) {
        return '';
    }
    const date = new Date(due / 1000);
    const two = (value: number) => String(value).padStart(2, '0');
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export const hasOwner = (task: Task): boolean => task.owner !== ZERO_UUID || task.ownerName !== '';
