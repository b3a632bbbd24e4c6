// What a board asks of every case and of every decision, as its administrator or coordinator edits it.
import { useId } from 'react';
import { Button, Field } from '../ui/controls';
import type { CardTopic, Check, FieldKind, Phrase, Template, TemplateField } from '../wire';
import { CARD_TOPIC_MEMBERS, defaultTemplate } from '../wire';
import { useWords, type Words } from '../words';
import { cutToBytes } from '../words/bytes';

/** What most tumor boards ask; each may be taken out. */
export function usualTemplate(words: Words): Template {
    const { fields, intents, reasons, standardWords } = words.boardSeries.defaults;
    const kinds: Partial<Record<keyof typeof fields, FieldKind>> = {
        recommendation: 'text',
        intent: 'choice',
        side: 'side',
        options: 'text',
    };
    const required: readonly (keyof typeof fields)[] = ['recommendation', 'side'];
    const keys = Object.keys(fields) as (keyof typeof fields)[];
    return {
        ...defaultTemplate(),
        version: 1,
        checks: (['question', 'tumor_stage', 'pathology', 'guideline', 'images'] as const).map(
            (topic) => ({ topic, owedBy: '' }),
        ),
        fields: keys.map((key) => ({
            key,
            label: fields[key],
            kind: kinds[key] ?? 'line',
            required: required.includes(key),
            choices: key === 'intent' ? intents.map((text) => ({ text })) : [],
        })),
        deferReasons: reasons.map((text) => ({ text })),
        standardWords,
    };
}

interface TemplateFormProps {
    template: Template;
    disciplines: readonly string[];
    onChange: (template: Template) => void;
}

export function TemplateForm({ template, disciplines, onChange }: TemplateFormProps) {
    const words = useWords();
    const change = (next: Partial<Template>) => onChange({ ...template, ...next });
    return (
        <>
            <Checks
                checks={template.checks}
                disciplines={disciplines}
                onChange={(checks) => change({ checks })}
            />
            <Fields fields={template.fields} onChange={(fields) => change({ fields })} />
            <Field
                label={words.boardSeries.standardWords}
                help={words.boardSeries.standardWordsHelp}
                maxLength={40}
                value={template.standardWords}
                onChange={(event) => change({ standardWords: event.target.value })}
            />
            <Phrases
                label={words.boardSeries.reasons}
                max={9}
                phrases={template.deferReasons}
                onChange={(deferReasons) => change({ deferReasons })}
            />
            <Phrases
                label={words.boardSeries.core}
                max={16}
                phrases={template.coreDisciplines}
                onChange={(coreDisciplines) => change({ coreDisciplines })}
            />
            <label className="row tick">
                <input
                    type="checkbox"
                    checked={template.votes}
                    onChange={(event) => change({ votes: event.target.checked })}
                />
                {words.boardSeries.votes}
            </label>
            <label className="row tick">
                <input
                    type="checkbox"
                    checked={template.maskObservers}
                    onChange={(event) => change({ maskObservers: event.target.checked })}
                />
                {words.boardSeries.maskObservers}
            </label>
            <div className="pair">
                <Field
                    label={words.boardSeries.minutes}
                    type="number"
                    min={0.5}
                    max={120}
                    step={0.5}
                    value={template.plannedSeconds / 60}
                    onChange={(event) =>
                        change({ plannedSeconds: Math.round(Number(event.target.value) * 60) })
                    }
                />
                <Field
                    label={words.boardSeries.cutOffHours}
                    type="number"
                    min={0}
                    max={720}
                    value={template.cutOffHours}
                    onChange={(event) => change({ cutOffHours: Number(event.target.value) })}
                />
            </div>
        </>
    );
}

interface ChecksProps {
    checks: readonly Check[];
    disciplines: readonly string[];
    onChange: (checks: Check[]) => void;
}

function Checks({ checks, disciplines, onChange }: ChecksProps) {
    const words = useWords();
    const list = useId();
    const put = (topic: CardTopic, check: Check | undefined) => {
        const others = checks.filter((one) => one.topic !== topic);
        const all = check ? [...others, check] : others;
        onChange(CARD_TOPIC_MEMBERS.flatMap((one) => all.filter((other) => other.topic === one)));
    };
    return (
        <fieldset className="field plain">
            <legend>{words.boardSeries.checks}</legend>
            <datalist id={list}>
                {disciplines.map((one) => (
                    <option key={one} value={one} />
                ))}
            </datalist>
            <ul className="list checks">
                {CARD_TOPIC_MEMBERS.map((topic) => {
                    const check = checks.find((one) => one.topic === topic);
                    const label = words.card.topic[topic];
                    return (
                        <li key={topic} className="row wrap">
                            <label className="row tick grow">
                                <input
                                    type="checkbox"
                                    checked={check !== undefined}
                                    onChange={(event) =>
                                        put(topic, event.target.checked ? { topic, owedBy: '' } : undefined)
                                    }
                                />
                                {label}
                            </label>
                            {check && (
                                <label className="row owed">
                                    <span className="mute small">{words.boardSeries.owedBy}</span>
                                    <input
                                        className="input"
                                        list={list}
                                        maxLength={32}
                                        aria-label={`${label}: ${words.boardSeries.owedBy}`}
                                        placeholder={words.boardSeries.coordinator}
                                        value={check.owedBy}
                                        onChange={(event) =>
                                            put(topic, { topic, owedBy: event.target.value })
                                        }
                                    />
                                </label>
                            )}
                        </li>
                    );
                })}
            </ul>
        </fieldset>
    );
}

const kinds: readonly FieldKind[] = ['text', 'line', 'choice', 'side'];
const FIELDS_MAX = 24;
/** Always among them. */
const FIXED = 'recommendation';

interface FieldsProps {
    fields: readonly TemplateField[];
    onChange: (fields: TemplateField[]) => void;
}

function Fields({ fields, onChange }: FieldsProps) {
    const words = useWords();
    const put = (field: TemplateField) =>
        onChange(fields.map((one) => (one.key === field.key ? field : one)));
    const add = () => {
        const key = `field_${crypto.randomUUID().slice(0, 8)}`;
        onChange([...fields, { key, label: '', kind: 'line', required: false, choices: [] }]);
    };
    return (
        <fieldset className="field plain">
            <legend>{words.boardSeries.fields}</legend>
            <ul className="list template-fields">
                {fields.map((field, index) => (
                    <li key={field.key} aria-label={`${index + 1}. ${field.label}`}>
                        <input
                            className="input"
                            aria-label={words.boardSeries.field}
                            required
                            maxLength={40}
                            value={field.label}
                            onChange={(event) => put({ ...field, label: event.target.value })}
                        />
                        <select
                            className="input"
                            aria-label={words.boardSeries.kind}
                            value={field.kind}
                            disabled={field.key === FIXED}
                            onChange={(event) =>
                                put({ ...field, kind: event.target.value as FieldKind })
                            }
                        >
                            {kinds.map((kind) => (
                                <option key={kind} value={kind}>
                                    {words.boardSeries.kinds[kind]}
                                </option>
                            ))}
                        </select>
                        <label className="row tick">
                            <input
                                type="checkbox"
                                checked={field.required}
                                onChange={(event) => put({ ...field, required: event.target.checked })}
                            />
                            {words.boardSeries.required}
                        </label>
                        <Button
                            look="quiet"
                            disabled={field.key === FIXED}
                            aria-label={`${words.remove}: ${field.label}`}
                            onClick={() => onChange(fields.filter((one) => one !== field))}
                        >
                            {words.remove}
                        </Button>
                        {field.kind === 'choice' && (
                            <Phrases
                                label={words.boardSeries.choices}
                                max={16}
                                phrases={field.choices}
                                onChange={(choices) => put({ ...field, choices })}
                            />
                        )}
                    </li>
                ))}
            </ul>
            {fields.length < FIELDS_MAX && (
                <div>
                    <Button onClick={add}>{words.boardSeries.addField}</Button>
                </div>
            )}
        </fieldset>
    );
}

/** As the schema bounds a phrase. */
const PHRASE_BYTES = 80;

interface PhrasesProps {
    label: string;
    max: number;
    phrases: readonly Phrase[];
    onChange: (phrases: Phrase[]) => void;
}

/** One a line; empty lines are let go when the template is sent. */
function Phrases({ label, max, phrases, onChange }: PhrasesProps) {
    const id = useId();
    return (
        <div className="field">
            <label htmlFor={id}>{label}</label>
            <textarea
                id={id}
                className="input"
                rows={Math.max(3, phrases.length + 1)}
                value={phrases.map((one) => one.text).join('\n')}
                onChange={(event) =>
                    onChange(
                        event.target.value
                            .split('\n')
                            .slice(0, max)
                            .map((text) => ({ text: cutToBytes(text, PHRASE_BYTES) })),
                    )
                }
            />
        </div>
    );
}

const filled = (phrases: readonly Phrase[]): Phrase[] =>
    phrases.map(({ text }) => ({ text: text.trim() })).filter(({ text }) => text !== '');

/** As it is sent: without the empty lines that typing leaves. */
export const trimmed = (template: Template): Template => ({
    ...template,
    checks: template.checks.map((one) => ({ ...one, owedBy: one.owedBy.trim() })),
    fields: template.fields.map((one) => ({
        ...one,
        label: one.label.trim(),
        choices: one.kind === 'choice' ? filled(one.choices) : [],
    })),
    standardWords: template.standardWords.trim(),
    deferReasons: filled(template.deferReasons),
    coreDisciplines: filled(template.coreDisciplines),
});
