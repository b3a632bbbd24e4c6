// Who may see a case, by whose word, and how that ends: for the patient, who acts for them, and who keeps the case.
import { useState } from 'react';
import { inForce, viewersOf } from '../state/consent_state';
import type { CaseActor } from '../state/client';
import type { CaseModel } from '../state/case_state';
import { hasRole, useAtRest, useCase, useModel, useNow, useSession } from '../state/use_client';
import { Button, Notice } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { follow } from '../ui/route';
import { roleNumbers, ZERO_UUID, type Consent, type WhoSees } from '../wire';
import { dateText, dateTimeText, personName, useSpeech, useWords } from '../words';
import { CaseLinks } from './case_links';
import { GiveConsent, WithdrawConsent, WordingRead } from './consent_parts';
import { CopyButton } from './copy';
import { caseNumber, Erased, Keeping } from './keeping';
import { Ended, Nowhere } from './nowhere';
import { RestrictionSection } from './restriction';
import './consent.css';

export function ConsentPage({ id }: { id: string }) {
    const words = useWords();
    const actor = useCase(id);
    return actor ? <ConsentOf actor={actor} /> : <Notice title={words.loading} />;
}

function ConsentOf({ actor }: { actor: CaseActor }) {
    const words = useWords();
    const { client } = useSession();
    const model = useAtRest(actor);
    const ended = useModel(actor, (_, held) => held.ended);
    const roles = useModel(actor, (_, held) => held.grant.roles);
    const [erased, setErased] = useState(false);
    if (erased) {
        return <Erased />;
    }
    if (ended) {
        return <Ended reason={ended} />;
    }
    if (!model) {
        return <Notice title={words.loading} />;
    }
    const own = hasRole(roles, 'patient', 'proxy');
    const treats = hasRole(roles, 'coordinator', 'nurse_navigator');
    const keeps = hasRole(roles, 'administrator', 'privacy_officer');
    if (!own && !treats && !keeps) {
        return <Nowhere title={words.pageNotFound} help={words.pageNotFoundHelp} />;
    }
    const told = own || treats;
    // Who has it on a board only coordinates it there, and does not answer for it.
    const answers = model.members.some(
        (one) => one.user === client.me && one.role === roleNumbers.coordinator,
    );
    const title = own
        ? words.consent.yours
        : treats
          ? words.consent.of(personName(model.subject.name))
          : words.keeping.of(caseNumber(actor.id));
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk consent" id="content">
                <h1>{title}</h1>
                {!told && <p className="mute">{words.keeping.lead}</p>}
                <Standing
                    actor={actor}
                    model={model}
                    own={own}
                    proxy={!hasRole(roles, 'patient')}
                    may={told}
                />
                <Viewers model={model} own={own} />
                <RestrictionSection
                    actor={actor}
                    model={model}
                    own={own}
                    may={keeps || answers}
                />
                <Emergencies model={model} />
                {(own || answers) && (
                    <section aria-labelledby="copy">
                        <h2 id="copy">{words.copy.titleCase}</h2>
                        <p className="mute">{own ? words.copy.leadYours : words.copy.leadCase}</p>
                        <CopyButton address={`/api/cases/${actor.id}/export`} />
                    </section>
                )}
                {answers && <CaseLinks id={actor.id} />}
                <Keeping
                    actor={actor}
                    hold={model.hold}
                    mayKeep={keeps}
                    onErased={() => setErased(true)}
                />
                {told && (
                    <p>
                        <a href={`/cases/${actor.id}/accesses`} onClick={follow}>
                            {words.consent.looked}
                        </a>
                    </p>
                )}
            </main>
        </div>
    );
}

export type RestingCase = Omit<CaseModel, 'stage'>;

interface StandingProps {
    actor: CaseActor;
    model: RestingCase;
    /** The patient reads, or who acts for them. */
    own: boolean;
    proxy: boolean;
    /** Give and withdraw. */
    may: boolean;
}

/** What holds now, and what can be done about it. */
function Standing({ actor, model, own, proxy, may }: StandingProps) {
    const words = useWords();
    const now = Math.max(useNow(30_000), model.consentEndedAt ?? 0);
    const [withdrawing, setWithdrawing] = useState<string>();
    const [giving, setGiving] = useState(false);
    const holding = model.consents.filter((one) => inForce(one, now));
    const over = model.consents.filter((one) => !inForce(one, now));
    const how = own ? (proxy ? words.consent.howProxy : words.consent.howHere) : '';
    return (
        <section aria-labelledby="standing">
            <h2 id="standing" className="unseen">
                {words.consent.title}
            </h2>
            {holding.map((one) => (
                <Holding
                    key={one.id}
                    consent={one}
                    own={own}
                    onWithdraw={may ? () => setWithdrawing(one.id) : undefined}
                />
            ))}
            {holding.length === 0 && (
                <p className="lead" data-standing={model.asksConsent ? 'none' : 'not_asked'}>
                    {model.asksConsent
                        ? own
                            ? words.consent.none
                            : words.consent.noneOther
                        : own
                          ? words.consent.notAsked
                          : words.consent.notAskedOther}
                </p>
            )}
            <div className="row wrap">
                {may && holding.length === 0 && !giving && (
                    <Button look="primary" onClick={() => setGiving(true)}>
                        {own ? words.consent.agree : words.consent.record}
                    </Button>
                )}
                {may && !model.asksConsent && (
                    <Button onClick={() => setWithdrawing(ZERO_UUID)}>{words.consent.object}</Button>
                )}
            </div>
            {giving && (
                <GiveConsent actor={actor} model={model} how={how} onDone={() => setGiving(false)} />
            )}
            {over.length > 0 && (
                <details>
                    <summary>{words.consent.before}</summary>
                    {over.map((one) => (
                        <Over key={one.id} consent={one} own={own} />
                    ))}
                </details>
            )}
            <WithdrawConsent
                actor={actor}
                model={model}
                own={own}
                consent={withdrawing}
                onClose={() => setWithdrawing(undefined)}
            />
        </section>
    );
}

/** Who gave it here reads that they did; whoever it was written down for reads on whose word. */
function useGiven(consent: Consent, own: boolean): string {
    const { words, language } = useSpeech();
    const { client } = useSession();
    const when = dateText(consent.givenAt, language);
    return own && consent.givenBy === client.me
        ? words.consent.given(when)
        : words.consent.givenOther(when, consent.how);
}

function useScope(consent: Consent): string {
    const words = useWords();
    const whom =
        consent.people.length + consent.boards.length === 0
            ? words.consent.everybody
            : words.consent.some(consent.people.length, consent.boards.length);
    return `${whom}: ${consent.identity ? words.consent.scope.all : words.consent.scope.nameless}`;
}

interface HoldingProps {
    consent: Consent;
    own: boolean;
    onWithdraw: (() => void) | undefined;
}

function Holding({ consent, own, onWithdraw }: HoldingProps) {
    const { words, language } = useSpeech();
    const given = useGiven(consent, own);
    const scope = useScope(consent);
    return (
        <article className="holding" data-standing="given">
            <p className="lead">{given}</p>
            <p>{scope}</p>
            {consent.until > 0 && <p>{words.consent.until(dateText(consent.until, language))}</p>}
            <WordingRead wording={consent.wording} />
            {onWithdraw && <Button onClick={onWithdraw}>{words.consent.withdraw}</Button>}
        </article>
    );
}

function Over({ consent, own }: { consent: Consent; own: boolean }) {
    const { words, language } = useSpeech();
    const given = useGiven(consent, own);
    const scope = useScope(consent);
    const ended =
        consent.withdrawnAt > 0
            ? words.consent.withdrawn(dateText(consent.withdrawnAt, language))
            : words.consent.ended(dateText(consent.until, language));
    return (
        <article className="holding">
            <p>{given}</p>
            <p className="mute">
                {scope}; {ended}
            </p>
            <WordingRead wording={consent.wording} />
        </article>
    );
}

function Viewers({ model, own }: { model: RestingCase; own: boolean }) {
    const words = useWords();
    const now = Math.max(useNow(30_000), model.consentEndedAt ?? 0);
    const viewers = viewersOf(model);
    const open = !model.asksConsent || model.consents.some((one) => inForce(one, now));
    const said = words.consent;
    return (
        <>
            <section aria-labelledby="treating">
                <h2 id="treating">{own ? said.treating : said.treatingOther}</h2>
                <People viewers={viewers.filter((one) => one.byLaw)} />
            </section>
            <section aria-labelledby="others">
                <h2 id="others">{open ? (own ? said.others : said.othersOther) : said.othersNot}</h2>
                <People viewers={viewers.filter((one) => !one.byLaw)} />
            </section>
        </>
    );
}

export function People({ viewers }: { viewers: WhoSees[] }) {
    const words = useWords();
    if (viewers.length === 0) {
        return <p className="mute">{words.consent.nobody}</p>;
    }
    return (
        <ul className="list viewers">
            {viewers.map((one) => (
                <li key={one.user}>
                    <span>{one.name}</span>
                    <span className="mute">
                        {[one.discipline, one.board === ZERO_UUID ? '' : words.consent.throughBoard]
                            .filter(Boolean)
                            .join(', ')}
                    </span>
                </li>
            ))}
        </ul>
    );
}

function Emergencies({ model }: { model: RestingCase }) {
    const { words, language } = useSpeech();
    if (model.emergencies.length === 0) {
        return null;
    }
    return (
        <section aria-labelledby="emergencies">
            <h2 id="emergencies">{words.consent.emergencies}</h2>
            <ul className="list viewers">
                {[...model.emergencies].reverse().map((one) => (
                    <li key={`${one.user} ${one.at}`}>
                        <span>{words.consent.emergency(one.name, dateTimeText(one.at, language))}</span>
                        <span className="mute">{one.reason}</span>
                    </li>
                ))}
            </ul>
        </section>
    );
}
