// One case, outside of a board: its own stage is a consult that colleagues may join.
import { useCallback, useMemo } from 'react';
import type { PersonHere } from '../board/decision_tab';
import { useEarlyImages, useImages } from '../board/use_images';
import { useStageController } from '../board/use_stage';
import { Workspace, type Rights } from '../board/workspace';
import '../board/board.css';
import '../board/agenda.css';
import '../board/talk.css';
import '../board/record.css';
import type { CaseModel } from '../state/case_state';
import { isCreated } from '../state/created';
import { decidingLink } from '../state/decision';
import type { CaseActor } from '../state/client';
import { hasRole, useAtRest, useCase, useModel, useSession, useUser } from '../state/use_client';
import { Notice } from '../ui/controls';
import { StateOfLine } from '../ui/frame';
import { follow } from '../ui/route';
import { roleNumbers, type WorklistEntry } from '../wire';
import { whoIs } from '../state/who';
import { useWords } from '../words';
import { EmergencyBanner, EmergencyDoor } from './emergency';
import { HeldBanner } from './held';
import { Ended } from './nowhere';
import { RestrictionBanner } from './restriction';
import { StatusPage } from './status';

const seeing: readonly number[] = [roleNumbers.coordinator, roleNumbers.member, roleNumbers.specialist];
const seesImages = ({ role }: WorklistEntry): boolean => seeing.includes(role);

export function CasePage({ id }: { id: string }) {
    const words = useWords();
    const sees = useUser((user) => user?.entries.some((one) => one.id === id && seesImages(one)) === true);
    useEarlyImages(id, sees);
    const actor = useCase(id);
    return actor ? <CaseOf actor={actor} /> : <Notice title={words.loading} />;
}

function CaseOf({ actor }: { actor: CaseActor }) {
    const words = useWords();
    const model = useAtRest(actor);
    const ended = useModel(actor, (_, held) => held.ended);
    const entries = useUser((user) => user?.entries.filter((one) => one.id === actor.id));
    if (ended) {
        return (
            <Ended reason={ended}>
                <EmergencyDoor patientCase={actor.id} onOpen={() => window.location.reload()} />
            </Ended>
        );
    }
    if (!model) {
        return <Notice title={words.loading} />;
    }
    if (model.clinical && !isCreated(model)) {
        return <Ended reason="not_found" />; // one could be made here
    }
    return model.clinical ? (
        <Consult actor={actor} model={model} />
    ) : (
        <StatusPage entries={entries ?? []} />
    );
}

const ignore = () => undefined;
const nobodyHere: PersonHere[] = [];

function Consult({ actor, model }: { actor: CaseActor; model: Omit<CaseModel, 'stage'> }) {
    const words = useWords();
    const { client } = useSession();
    const roles = useModel(actor, (_, held) => held.grant.roles);
    const { images } = useImages(actor.id, undefined, ignore, String(model.masked));
    const { name } = whoIs(words, model, undefined);
    const ready = images?.patientCase === actor.id && !images.closed ? images : undefined;
    const imageCount = model.displaySets.reduce((count, set) => count + set.instances, 0);
    const hands = useStageController(actor, ready, client.me, 0, imageCount);
    const known = useMemo(() => {
        const all = [...model.members, ...model.boards.flatMap((link) => link.members)];
        return [...new Map(all.map((one) => [one.user, one])).values()];
    }, [model.members, model.boards]);
    const nameOf = useCallback(
        (user: string) => known.find((one) => one.user === user)?.name ?? '',
        [known],
    );
    const act =
        model.restriction === undefined &&
        hasRole(roles, 'coordinator', 'nurse_navigator', 'member', 'specialist');
    const coordinate = hasRole(roles, 'coordinator');
    const treats = hasRole(roles, 'coordinator', 'nurse_navigator');
    const rights: Rights = useMemo(
        () => ({ act, chair: false, coordinate, write: act }),
        [act, coordinate],
    );
    return (
        <div className="place board">
            <header className="top">
                <a className="mark" href="/" onClick={follow} aria-label={words.toWorklist}>
                    <img src="/mark.svg" alt="" />
                </a>
                <div className="which">
                    <h1 title={name}>{name}</h1>
                    <span className="mute hide-phone ellipsis">{model.title}</span>
                    <StateOfLine readOnly={!act} />
                </div>
                <span className="grow" />
                {treats && (
                    <a
                        className="button quiet hide-phone"
                        href={`/cases/${actor.id}/consent`}
                        onClick={follow}
                    >
                        {words.consent.title}
                    </a>
                )}
                {coordinate && (
                    <a
                        className="button quiet hide-phone"
                        href={`/cases/${actor.id}/accesses`}
                        onClick={follow}
                    >
                        {words.accesses.title}
                    </a>
                )}
                <span className="chip plain hide-phone">{words.caseStatus[model.status]}</span>
            </header>
            {hasRole(roles, 'emergency') && <EmergencyBanner />}
            {model.restriction && <RestrictionBanner restriction={model.restriction} />}
            {coordinate && <HeldBanner actor={actor} />}
            <Workspace
                hands={hands}
                caseActor={actor}
                staged={actor}
                rights={rights}
                known={known}
                nameOf={nameOf}
                board={decidingLink(model)?.board}
                here={nobodyHere}
                keys={{}}
            />
        </div>
    );
}
