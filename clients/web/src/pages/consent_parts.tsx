// Giving a consent, taking it back, and reading again what was read.
import { useEffect, useState, type FormEvent } from 'react';
import { covers, inForce, viewersOf } from '../state/consent_state';
import type { CaseActor } from '../state/client';
import { useNow } from '../state/use_client';
import { Button, Choice, Field, Sheet } from '../ui/controls';
import { tell } from '../ui/frame';
import { refusalText } from '../ui/refusal';
import { ZERO_UUID, type Consent, type WhoSees, type Wording } from '../wire';
import { useSpeech, useWords, wordsOf, type Language } from '../words';
import { People, type RestingCase } from './consent';

/** Counted up whenever `consent.text` changes in any language. */
const WORDING_VERSION = '1';
const DAY_US = 86_400_000_000;
const spans = { month: 31 * DAY_US, year: 365 * DAY_US, withdrawn: 0 } as const;
type Span = keyof typeof spans;

const digest = async (text: string): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

async function wordingIn(language: Language): Promise<Wording> {
    const { text } = wordsOf(language).consent;
    return { version: WORDING_VERSION, language, text, hash: await digest(text) };
}

/** The words as they were shown then, held to what was kept of them. */
export function WordingRead({ wording }: { wording: Wording }) {
    const words = useWords();
    const [whole, setWhole] = useState(true);
    useEffect(() => {
        let gone = false;
        void digest(wording.text).then((hash) => {
            if (!gone) {
                setWhole(hash.every((byte, index) => byte === wording.hash[index]));
            }
        });
        return () => {
            gone = true;
        };
    }, [wording]);
    return (
        <details>
            <summary>{words.consent.read}</summary>
            <blockquote lang={wording.language}>{wording.text}</blockquote>
            <p className="mute small">{words.consent.wording(wording.version, wording.language)}</p>
            {!whole && (
                <p className="warning" role="alert">
                    {words.consent.wordingChanged}
                </p>
            )}
        </details>
    );
}

interface GiveProps {
    actor: CaseActor;
    model: RestingCase;
    /** On whose word; empty = to be asked. */
    how: string;
    onDone: () => void;
}

export function GiveConsent({ actor, model, how, onDone }: GiveProps) {
    const { words, language } = useSpeech();
    const now = useNow(60_000);
    const others = viewersOf(model).filter((one) => !one.byLaw);
    const [left, setLeft] = useState<readonly string[]>([]);
    const [what, setWhat] = useState('all');
    const [span, setSpan] = useState<Span>('withdrawn');
    const [said, setSaid] = useState('');
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    const nobody = others.length > 0 && left.length === others.length;
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        const consent: Consent = {
            id: crypto.randomUUID(),
            people: left.length === 0 ? [] : others.map((one) => one.user).filter((one) => !left.includes(one)),
            boards: [],
            clinical: true,
            identity: what === 'all',
            until: spans[span] === 0 ? 0 : Math.round(now) + spans[span],
            wording: await wordingIn(language),
            how: how || said.trim(),
            givenAt: 0,
            givenBy: ZERO_UUID,
            withdrawnAt: 0,
            withdrawnBy: ZERO_UUID,
        };
        const refused = refusalText(words, await actor.command({ type: 'GiveConsent', consent }));
        setBusy(false);
        setProblem(refused ?? '');
        if (refused === undefined) {
            tell(words.consent.done);
            onDone();
        }
    };
    return (
        <form className="stack give" onSubmit={(event) => void submit(event)}>
            <blockquote>{words.consent.text}</blockquote>
            {others.length > 0 && <Whom others={others} left={left} choose={setLeft} />}
            <Choice
                label={words.consent.what}
                value={what}
                onChange={setWhat}
                options={[
                    { value: 'all', label: words.consent.whatAll },
                    { value: 'nameless', label: words.consent.whatNameless },
                ]}
            />
            <Choice
                label={words.consent.howLong}
                value={span}
                onChange={(value) => setSpan(value as Span)}
                options={[
                    { value: 'withdrawn', label: words.consent.untilWithdrawn },
                    { value: 'year', label: words.consent.year },
                    { value: 'month', label: words.consent.month },
                ]}
            />
            {how === '' && (
                <Field
                    label={words.consent.how}
                    help={words.consent.howHelp}
                    name="how"
                    required
                    maxLength={100}
                    value={said}
                    onChange={(event) => setSaid(event.target.value)}
                />
            )}
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary" disabled={busy || nobody}>
                {how === '' ? words.consent.record : words.consent.agree}
            </Button>
        </form>
    );
}

interface WhomProps {
    others: WhoSees[];
    /** Those who are left out. */
    left: readonly string[];
    choose: (left: readonly string[]) => void;
}

function Whom({ others, left, choose }: WhomProps) {
    const words = useWords();
    const turn = (user: string) =>
        choose(left.includes(user) ? left.filter((one) => one !== user) : [...left, user]);
    return (
        <fieldset className="plain stack">
            <legend>{words.consent.whom}</legend>
            {others.map((one) => (
                <label key={one.user} className="row tick">
                    <input
                        type="checkbox"
                        checked={!left.includes(one.user)}
                        onChange={() => turn(one.user)}
                    />
                    <span>
                        {one.name} <span className="mute">{one.discipline}</span>
                    </span>
                </label>
            ))}
        </fieldset>
    );
}

interface WithdrawProps {
    actor: CaseActor;
    model: RestingCase;
    own: boolean;
    /** Which; the zero id = whatever there is. Undefined = the dialog is closed. */
    consent: string | undefined;
    onClose: () => void;
}

/** Says who loses access and who keeps it by law, before it is done. */
export function WithdrawConsent({ actor, model, own, consent, onClose }: WithdrawProps) {
    const words = useWords();
    const title = own ? words.consent.withdrawTitle : words.consent.withdrawTitleOther;
    return (
        <Sheet title={title} open={consent !== undefined} onClose={onClose}>
            {consent !== undefined && (
                <Withdrawal actor={actor} model={model} own={own} consent={consent} onClose={onClose} />
            )}
        </Sheet>
    );
}

function Withdrawal({ actor, model, own, consent, onClose }: WithdrawProps & { consent: string }) {
    const words = useWords();
    const now = useNow(60_000);
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    const rest = model.consents.filter(
        (one) => inForce(one, now) && one.id !== consent && consent !== ZERO_UUID,
    );
    const viewers = viewersOf(model);
    const loses = viewers.filter((one) => !one.byLaw && !rest.some((other) => covers(other, one)));
    const withdraw = async () => {
        setBusy(true);
        const refused = refusalText(words, await actor.command({ type: 'WithdrawConsent', consent }));
        setBusy(false);
        setProblem(refused ?? '');
        if (refused === undefined) {
            tell(words.consent.withdrawnDone);
            onClose();
        }
    };
    return (
        <div className="stack consent">
            <p>{words.consent.withdrawLoses}</p>
            <People viewers={loses} />
            <p>{own ? words.consent.withdrawKeeps : words.consent.withdrawKeepsOther}</p>
            <People viewers={viewers.filter((one) => one.byLaw)} />
            <p>{words.consent.withdrawStays}</p>
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row wrap">
                <Button look="primary" disabled={busy} onClick={() => void withdraw()}>
                    {words.consent.withdrawNow}
                </Button>
                <Button onClick={onClose}>{words.consent.keep}</Button>
            </div>
        </div>
    );
}
