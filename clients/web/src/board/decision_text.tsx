// A decision as it is read: the template's labels and what was said, side in words, state at the end.
import { useId } from 'react';
import { valueOf } from '../state/decision';
import type { Decision, Template } from '../wire';
import { useSpeech, useWords, whenText } from '../words';

interface DecisionTextProps {
    decision: Decision;
    template: Template | undefined;
    nameOf: (user: string) => string;
}

export function DecisionText({ decision, template, nameOf }: DecisionTextProps) {
    const words = useWords();
    return (
        <div className="decision-text">
            {decision.standard && <p className="small mute">{words.decision.standard}</p>}
            <DecisionLines decision={decision} template={template} />
            <DecisionState decision={decision} nameOf={nameOf} />
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

/** Recorded by whom and when, and whether it is signed. */
export function DecisionState({ decision, nameOf }: {
    decision: Decision;
    nameOf: (user: string) => string;
}) {
    const { words, language } = useSpeech();
    return decision.signedAt > 0 ? (
        <p className="small settled">
            {words.decision.signedBy(decision.signedName, whenText(decision.signedAt, language))}
        </p>
    ) : (
        <p className="small lacking">
            {words.decision.recordedBy(nameOf(decision.by), whenText(decision.at, language))}
        </p>
    );
}
