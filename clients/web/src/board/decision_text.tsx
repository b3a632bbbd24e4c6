// A decision as it is read: the template's labels and what was said, side in words, state at the end.
import { useId } from 'react';
import { valueOf } from '../state/decision';
import type { Decision, Task, Template } from '../wire';
import { dateText, useSpeech, useWords, whenText } from '../words';
import { Addenda, SignatureLine } from './signature_line';

interface DecisionTextProps {
    decision: Decision;
    template: Template | undefined;
    nameOf: (user: string) => string;
    patientCase: string;
    tasks: readonly Task[];
}

export function DecisionText(props: DecisionTextProps) {
    const { decision, template, nameOf, patientCase, tasks } = props;
    const words = useWords();
    return (
        <div className="decision-text">
            {decision.standard && <p className="small mute">{words.decision.standard}</p>}
            <DecisionLines decision={decision} template={template} />
            {decision.signedAt > 0 ? (
                <SignatureLine patientCase={patientCase} decision={decision} tasks={tasks} />
            ) : (
                <DecisionState decision={decision} nameOf={nameOf} />
            )}
            <Addenda patientCase={patientCase} decision={decision} />
        </div>
    );
}

/** Without its template, for example of a meeting that one is no member of, by its keys. */
export function DecisionLines({ decision, template }: {
    decision: Decision;
    template: Template | undefined;
}) {
    const words = useWords();
    const id = useId();
    const lines = template
        ? template.fields.map((field) => ({
              key: field.key,
              label: field.label,
              value:
                  field.kind === 'side'
                      ? words.side[decision.side]
                      : valueOf(decision, field.key),
          }))
        : [
              ...decision.fields.map(({ key, value }) => ({ key, label: key, value })),
              { key: 'side', label: words.decision.side, value: words.side[decision.side] },
          ];
    const sideSaid = template?.fields.some((field) => field.kind === 'side') ?? true;
    const shown = lines.filter(({ value }) => value !== '');
    return (
        <dl className="facts" id={id}>
            {shown.map(({ key, label, value }) => (
                <div key={key} data-field={key}>
                    <dt>{label}</dt>
                    <dd className="said">{value}</dd>
                </div>
            ))}
            {!sideSaid && decision.side !== 'unknown' && (
                <div data-field="side">
                    <dt>{words.decision.side}</dt>
                    <dd>{words.side[decision.side]}</dd>
                </div>
            )}
        </dl>
    );
}

/** What somebody has to do: what, who, until when. */
export function TaskLines({ tasks }: { tasks: readonly Task[] }) {
    const { words, language } = useSpeech();
    return tasks.length === 0 ? null : (
        <dl className="facts">
            <dt>{words.minutes.tasks}</dt>
            {tasks.map((task) => (
                <dd key={task.task}>
                    {[
                        task.text,
                        task.ownerName || words.task.nobody,
                        task.dueAt > 0 ? words.task.dueOn(dateText(task.dueAt, language)) : '',
                    ]
                        .filter(Boolean)
                        .join(' · ')}
                </dd>
            ))}
        </dl>
    );
}

/** Recorded by whom and when, while it is not signed. */
export function DecisionState({ decision, nameOf }: {
    decision: Decision;
    nameOf: (user: string) => string;
}) {
    const { words, language } = useSpeech();
    return (
        <p className="small lacking">
            {words.decision.recordedBy(nameOf(decision.by), whenText(decision.at, language))}
        </p>
    );
}
