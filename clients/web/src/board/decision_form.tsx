// The fields of a decision as the board's template asks. What is begun here stays with this case, also when
// the board goes on, and is never sent to another one.
import { useId, useState, type KeyboardEvent } from 'react';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import {
    beginDraft,
    fieldsOf,
    sentTasks,
    valueOf,
    type DecisionDraft,
} from '../state/decision';
import { useDraft } from '../state/drafts';
import { Button } from '../ui/controls';
import { refusalText } from '../ui/refusal';
import type { BoardLink, Decision, Side, TemplateField } from '../wire';
import { personName, useWords } from '../words';
import { DecisionState } from './decision_text';
import { TasksForm } from './tasks_form';

interface DecisionFormProps {
    actor: CaseActor;
    model: CaseModel;
    link: BoardLink;
    decision: Decision | undefined;
    nameOf: (user: string) => string;
}

export function DecisionForm({ actor, model, link, decision, nameOf }: DecisionFormProps) {
    const words = useWords();
    const [draft, setDraft] = useDraft<DecisionDraft>(
        `decision ${actor.id} ${link.board} ${link.item}`,
    );
    const [problem, setProblem] = useState('');
    const shown = draft ?? beginDraft(model, decision, () => crypto.randomUUID());
    const changed = draft !== undefined && draft.based !== (decision?.revision ?? 0);
    const change = (next: Partial<DecisionDraft>) => setDraft({ ...shown, ...next });

    const record = async (based: number) => {
        setProblem('');
        if (!link.template) {
            return;
        }
        const outcome = await actor.command({
            type: 'RecordDecision',
            decision: decision?.decision ?? shown.decision,
            board: link.board,
            item: link.item,
            based,
            fields: fieldsOf(shown, link.template),
            side: shown.side,
            tasks: sentTasks(shown),
        });
        const refused = refusalText(words, outcome, {
            item: () => personName(model.subject.name),
        });
        setProblem(refused ?? '');
        if (refused === undefined) {
            setDraft(undefined);
            leaveField();
        }
    };
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && draft && !changed) {
            event.preventDefault();
            void record(shown.based);
        } else if (event.key === 'Escape') {
            leaveField();
        }
    };
    return (
        <form
            className="decision-form stack"
            onKeyDown={onKeyDown}
            onSubmit={(event) => {
                event.preventDefault();
                void record(shown.based);
            }}
        >
            {decision && <DecisionState decision={decision} nameOf={nameOf} />}
            {changed && decision && (
                <Theirs link={link} decision={decision} draft={shown} nameOf={nameOf} />
            )}
            {link.template?.fields.map((field) => (
                <FieldRow
                    key={field.key}
                    field={field}
                    value={field.kind === 'side' ? shown.side : (shown.values[field.key] ?? '')}
                    onChange={(value) =>
                        change(
                            field.kind === 'side'
                                ? { side: value as Side }
                                : { values: { ...shown.values, [field.key]: value } },
                        )
                    }
                />
            ))}
            <TasksForm
                tasks={shown.tasks}
                people={link.members}
                onChange={(tasks) => change({ tasks })}
            />
            {problem !== '' && (
                <p className="problem" role="alert">
                    {problem}
                </p>
            )}
            <div className="row wrap">
                {changed ? (
                    <>
                        <Button onClick={() => void record(decision?.revision ?? 0)}>
                            {words.card.keepMine}
                        </Button>
                        <Button onClick={() => setDraft(undefined)}>{words.card.takeTheirs}</Button>
                    </>
                ) : (
                    <Button type="submit" disabled={draft === undefined}>
                        {decision ? words.decision.recordChange : words.decision.record}
                    </Button>
                )}
                {draft !== undefined && !changed && (
                    <>
                        <Button look="quiet" onClick={() => setDraft(undefined)}>
                            {words.decision.dropDraft}
                        </Button>
                        <small className="lacking">{words.card.notSaved}</small>
                    </>
                )}
            </div>
        </form>
    );
}

/** Gives the keys back to the meeting; what was written stays. */
function leaveField(): void {
    if (document.activeElement instanceof HTMLElement) {
        document.activeElement.blur();
    }
}

interface TheirsProps {
    link: BoardLink;
    decision: Decision;
    draft: DecisionDraft;
    nameOf: (user: string) => string;
}

/** What somebody else recorded while this was being written, where it differs. */
function Theirs({ link, decision, draft, nameOf }: TheirsProps) {
    const words = useWords();
    const fields = link.template?.fields.filter((field) =>
        field.kind === 'side'
            ? decision.side !== draft.side
            : valueOf(decision, field.key) !== (draft.values[field.key] ?? ''),
    );
    return (
        <div className="theirs" role="status">
            <small className="lacking">{words.card.changedBy(nameOf(decision.by))}</small>
            <dl className="facts">
                {fields?.map((field) => (
                    <div key={field.key}>
                        <dt>{field.label}</dt>
                        <dd className="said">
                            {field.kind === 'side'
                                ? words.side[decision.side]
                                : valueOf(decision, field.key) || words.decision.empty}
                        </dd>
                    </div>
                ))}
            </dl>
        </div>
    );
}

interface FieldRowProps {
    field: TemplateField;
    value: string;
    onChange: (value: string) => void;
}

const sides: readonly Side[] = ['right', 'left', 'both', 'none'];
const TEXT_MAX = 2000;
const LINE_MAX = 200;

function FieldRow({ field, value, onChange }: FieldRowProps) {
    const words = useWords();
    const id = useId();
    const label = (
        <span className="label">
            {field.label}
            {field.required && <span className="mute"> {words.decision.required}</span>}
        </span>
    );
    switch (field.kind) {
        case 'side':
            return (
                <fieldset className="sides field" data-field={field.key}>
                    <legend>{label}</legend>
                    <div className="row wrap">
                        {sides.map((side) => (
                            <label key={side} className={value === side ? 'side on' : 'side'}>
                                <input
                                    type="radio"
                                    name={id}
                                    value={side}
                                    checked={value === side}
                                    onChange={() => onChange(side)}
                                />
                                {words.side[side]}
                            </label>
                        ))}
                    </div>
                </fieldset>
            );
        case 'choice':
            return (
                <div className="field" data-field={field.key}>
                    <label htmlFor={id}>{label}</label>
                    <select
                        id={id}
                        className="input"
                        value={value}
                        onChange={(event) => onChange(event.target.value)}
                    >
                        <option value="">{words.decision.choose}</option>
                        {field.choices.map(({ text }) => (
                            <option key={text} value={text}>
                                {text}
                            </option>
                        ))}
                    </select>
                </div>
            );
        case 'text':
            return (
                <div className="field" data-field={field.key}>
                    <label htmlFor={id}>{label}</label>
                    <textarea
                        id={id}
                        className="input"
                        rows={Math.min(10, Math.max(3, value.split('\n').length + Math.floor(value.length / 40)))}
                        maxLength={TEXT_MAX}
                        value={value}
                        onChange={(event) => onChange(event.target.value)}
                    />
                </div>
            );
        case 'line':
            return (
                <div className="field" data-field={field.key}>
                    <label htmlFor={id}>{label}</label>
                    <input
                        id={id}
                        className="input"
                        maxLength={LINE_MAX}
                        value={value}
                        onChange={(event) => onChange(event.target.value)}
                    />
                </div>
            );
    }
}
