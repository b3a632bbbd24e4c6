// Images with everything one does to them: the same on a board and in a consult. It is given a stage and a
// case, and takes care of tools, keys, drawings and the tabs beside the images.
import { Tabs } from 'radix-ui';
import { flushSync } from 'react-dom';
import {
    useCallback,
    useEffect,
    useMemo,
    useState,
    type ReactNode,
    type RefObject,
} from 'react';
import { KeysSheet } from '../keys/keys_sheet';
import { useKeys, type KeyHandlers } from '../keys/use_keys';
import type { CaseActor } from '../state/client';
import { presentParticipants } from '../state/stage_state';
import { useModel, useSession, useStage, type Staged } from '../state/use_client';
import { Button, Notice } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { StageView } from '../viewer';
import type { Annotation, StoredAnnotation } from '../wire';
import { isSecondWindow } from '../ui/route';
import { whoIs, type Who } from '../state/who';
import { useWords } from '../words';
import { Arrivals } from './arrivals';
import { CasePanel } from './case_panel';
import { DecisionTab, type PersonHere } from './decision_tab';
import { markKeyImage } from './key_images';
import { Chat, useUnread } from './chat';
import { Floor, turnFloor } from './floor';
import { People, type KnownPerson } from './people';
import { SavedViews, stepView, useViews } from './saved_views';
import { ToolStrip, useOpen } from './tool_strip';
import { useBeside } from './use_beside';
import type { StageHands } from './use_stage';
import { useViewerKeys, viewKeys } from './viewer_keys';
import { useWithheldHelp } from './withheld';

export interface Rights {
    act: boolean;
    chair: boolean;
    coordinate: boolean;
    write: boolean;
}

export interface WorkspaceProps {
    hands: StageHands | undefined;
    caseActor: CaseActor;
    /** The board or the case: whoever holds the stage. */
    staged: Staged;
    rights: Rights;
    known: readonly KnownPerson[];
    nameOf: (user: string) => string;
    /** Whoever is here may not see this case. */
    withheld?: boolean;
    /** The left column; on a phone it is a tab. */
    left?: ReactNode;
    leftName?: string;
    keys: KeyHandlers;
    banner?: ReactNode;
    /** The number of the case on that board. */
    item?: number;
    /** The images alone: no column, no tools, no chat. */
    bare?: boolean;
    /** What one may do about who belongs here. */
    members?: ReactNode;
    /** The meeting whose decision is written here. */
    board: string | undefined;
    /** Those there without a device, for whom the coordinator votes. */
    here: readonly PersonHere[];
    /** Set to what opens the decision. */
    decide?: RefObject<() => void>;
}

const noDrawings: StoredAnnotation[] = [];
const FOLDS = 'consilium.folds';

interface Folds {
    left: boolean;
    right: boolean;
}

const readFolds = (): Folds => {
    const stored = window.localStorage.getItem(FOLDS) ?? '';
    return { left: stored.includes('l'), right: stored.includes('r') };
};

/** A second window is for a second monitor: it begins with the images alone and keeps that to itself. */
function useFolds(second: boolean): [Folds, (side: keyof Folds) => void, (both: boolean) => void] {
    const [folds, setFolds] = useState(second ? { left: true, right: true } : readFolds);
    const keep = (next: Folds) => {
        if (!second) {
            window.localStorage.setItem(FOLDS, (next.left ? 'l' : '') + (next.right ? 'r' : ''));
        }
        setFolds(next);
    };
    return [
        folds,
        (side) => keep({ ...folds, [side]: !folds[side] }),
        (both) => keep({ left: both, right: both }),
    ];
}

export function Workspace(props: WorkspaceProps) {
    const { hands, caseActor, staged, rights, nameOf, left } = props;
    const words = useWords();
    const { client, server } = useSession();
    const { me } = client;
    const open = useStage(staged, (stage) => stage?.open);
    const subject = useModel(caseActor, (model) => model?.subject);
    const masked = useMasked(caseActor, props.item);
    const question = useModel(caseActor, (model) => model?.title);
    const stored = useModel(caseActor, (model) => model?.annotations) ?? noDrawings;
    useLinks(hands, caseActor);
    const [folds, fold, foldBoth] = useFolds(isSecondWindow());
    const [keysOpen, openKeys, closeKeys] = useOpen();
    const finish = useFinish(caseActor);
    const undo = useUndo(caseActor, me);
    const views = useViews(caseActor);
    const viewer = useViewerKeys(hands);
    const [tab, setTab] = useState('case');
    const [beside, showBeside] = useBeside(hands, props.withheld ?? false);
    const decide = () => {
        // At once: what is typed next belongs into the field, not to the keys of the meeting.
        flushSync(() => {
            showBeside();
            setTab('decision');
            if (folds.right) {
                fold('right');
            }
        });
        focusDecision();
    };
    const { decide: opener } = props;
    useEffect(() => {
        if (opener) {
            opener.current = decide;
        }
    });

    useKeys({
        ...viewer,
        ...props.keys,
        ...viewKeys(hands, views),
        undo: { down: undo },
        decision: { down: decide },
        keyImage: {
            down: () => {
                if (hands && rights.write) {
                    void markKeyImage(words, caseActor, hands);
                }
            },
        },
        nextView: { down: () => hands && stepView(hands, views, 1) },
        previousView: { down: () => hands && stepView(hands, views, -1) },
        keys: { down: openKeys },
        foldLeft: { down: () => fold('left') },
        foldRight: { down: () => fold('right') },
        fullScreen: { down: () => foldBoth(!(folds.left && folds.right)) },
        askFloor: {
            down: () => {
                const floor = staged.store.get().model?.stage?.floor;
                if (hands && floor && rights.act) {
                    turnFloor(hands, words, floor, me, nameOf);
                }
            },
        },
    });

    const side = (
        <SideTabs
            {...props}
            me={me}
            tab={tab}
            setTab={setTab}
            withLeft={left !== undefined}
            leftName={props.leftName}
        />
    );
    return (
        <div
            className="workspace"
            data-tab={tab}
            data-left={folds.left ? 'folded' : ''}
            data-right={folds.right ? 'folded' : ''}
        >
            {left !== undefined && (
                <aside className="column left" aria-label={props.leftName}>
                    {left}
                    <SavedViews
                        actor={caseActor}
                        hands={hands}
                        me={me}
                        mayWrite={rights.write}
                        nameOf={nameOf}
                    />
                </aside>
            )}
            <main className="middle" id="content">
                <div className="strip-place">
                    {beside && hands && open !== undefined && !props.bare && (
                        <ToolStrip hands={hands} actor={caseActor} chair={rights.chair} undo={undo}>
                            {open ? (
                                <Floor
                                    hands={hands}
                                    staged={staged}
                                    me={me}
                                    mayAct={rights.act}
                                    chair={rights.chair}
                                    nameOf={nameOf}
                                />
                            ) : (
                                <span className="chip attention" title={words.stageElsewhereHelp}>
                                    {words.stageElsewhere}
                                </span>
                            )}
                        </ToolStrip>
                    )}
                    {props.bare && <p className="strip hall">{question}</p>}
                    {props.banner}
                </div>
                <div className="images">
                    {hands ? (
                        <StageView
                            key={hands.controller.images.patientCase}
                            controller={hands.controller}
                            pointer={hands.pointer}
                            subject={subject}
                            masked={masked}
                            stored={stored}
                            notForDiagnosis={server.notForPrimaryDiagnosis}
                            nameOf={nameOf}
                            finish={finish}
                        />
                    ) : props.withheld ? (
                        <Withheld caseActor={caseActor} />
                    ) : (
                        <Notice title={words.loadingCase} />
                    )}
                </div>
            </main>
            {!props.bare && <aside className="column right">{beside && side}</aside>}
            <KeysSheet open={keysOpen} onClose={closeKeys} />
        </div>
    );
}

/** What stands for the patient's name, for who is not told it. */
function useMasked(caseActor: CaseActor, item: number | undefined): Who | undefined {
    const words = useWords();
    const masked = useModel(caseActor, (model) => model?.clinical && model.masked) ?? false;
    const subject = useModel(caseActor, (model) => model?.subject);
    const age = useModel(caseActor, (model) => model?.age) ?? '';
    return useMemo(
        () => (masked && subject ? whoIs(words, { subject, masked, age }, item) : undefined),
        [words, masked, subject, age, item],
    );
}

interface SideTabsProps extends WorkspaceProps {
    me: string;
    tab: string;
    setTab: (tab: string) => void;
    withLeft: boolean;
    leftName?: string | undefined;
}

function SideTabs(props: SideTabsProps) {
    const { caseActor, hands, staged, me, rights, nameOf, known, tab, setTab } = props;
    const words = useWords();
    const unread = useUnread(caseActor, me);
    const reads = !useModel(caseActor, (model) => model?.masked);
    const here = useStage(
        staged,
        (stage) => new Set(presentParticipants(stage).map((one) => one.user)).size,
    );
    return (
        <Tabs.Root className="tabs" value={tab} onValueChange={setTab}>
            <Tabs.List className="tab-list" aria-label={words.tabCase}>
                {props.withLeft && (
                    <Tabs.Trigger value="left" className="only-phone">
                        {words.tabAgenda}
                    </Tabs.Trigger>
                )}
                <Tabs.Trigger value="case">{words.tabCase}</Tabs.Trigger>
                <Tabs.Trigger value="decision">{words.tabDecision}</Tabs.Trigger>
                <Tabs.Trigger value="people">
                    {words.tabPeople} <span className="count">{here}</span>
                </Tabs.Trigger>
                {reads && (
                    <Tabs.Trigger value="chat">
                        {words.tabChat}
                        {unread > 0 && (
                            <span className="badge" aria-label={words.unread(unread)}>
                                {unread}
                            </span>
                        )}
                    </Tabs.Trigger>
                )}
            </Tabs.List>
            <Arrivals actor={caseActor} />
            {props.withLeft && (
                <Tabs.Content value="left" className="tab-body flush">
                    {props.left}
                </Tabs.Content>
            )}
            <Tabs.Content value="case" className="tab-body">
                <CasePanel
                    actor={caseActor}
                    hands={hands}
                    me={me}
                    board={props.board}
                    item={props.item}
                    mayWrite={rights.write}
                    nameOf={nameOf}
                />
                <div className={props.withLeft ? 'below-desk' : undefined}>
                    <SavedViews
                        actor={caseActor}
                        hands={hands}
                        me={me}
                        mayWrite={rights.write}
                        nameOf={nameOf}
                    />
                </div>
            </Tabs.Content>
            <Tabs.Content value="decision" className="tab-body">
                <Decision {...props} />
            </Tabs.Content>
            <Tabs.Content value="people" className="tab-body">
                <People known={known} staged={staged} hands={hands} me={me} chair={rights.chair} />
                {props.members}
            </Tabs.Content>
            {reads && (
                <Tabs.Content value="chat" className="tab-body flush">
                    <Chat actor={caseActor} me={me} mayWrite={rights.write} nameOf={nameOf} />
                </Tabs.Content>
            )}
        </Tabs.Root>
    );
}

function Decision(props: SideTabsProps) {
    const { caseActor, rights } = props;
    const words = useWords();
    const withheldHelp = useWithheldHelp(caseActor);
    const model = useModel(caseActor, (patientCase) => patientCase);
    return model && !props.withheld ? (
        <>
            <DecisionHead who={whoIs(words, model, props.item)} onLeave={() => props.setTab('case')} />
            <DecisionTab
                actor={caseActor}
                model={model}
                board={props.board}
                here={props.here}
                coordinate={rights.coordinate}
                mayWrite={rights.write}
                me={props.me}
                nameOf={props.nameOf}
            />
        </>
    ) : (
        <p className="mute">{props.withheld ? withheldHelp : words.loadingCase}</p>
    );
}

/** Why the images are not there: nobody's consent, or a case that must not be used. */
function Withheld({ caseActor }: { caseActor: CaseActor }) {
    const words = useWords();
    const restricted = useModel(caseActor, (_, held) => held.ended === 'restricted');
    const help = useWithheldHelp(caseActor);
    return <Notice title={restricted ? words.ended.restricted : words.caseWithheld} help={help} />;
}

/** On a phone the form stands in the place of the images: whose case it is, and the way back to them. */
function DecisionHead({ who, onLeave }: { who: Who; onLeave: () => void }) {
    const words = useWords();
    return (
        <header className="decision-head">
            <span className="grow">
                <b>{who.name}</b>
                <small className="mute">
                    {(who.masked ? [who.age, who.sex] : [who.birthDate, who.patientId])
                        .filter(Boolean)
                        .join(' · ')}
                </small>
            </span>
            <Button tight onClick={onLeave}>
                {words.toImages}
            </Button>
        </header>
    );
}

/** The first thing to fill in or to press. */
function focusDecision(): void {
    const tab = document.querySelector('.decision-tab');
    const first = tab?.querySelector<HTMLElement>('textarea, input, select, button');
    first?.focus();
}

/** Series of the case that somebody laid onto each other. */
function useLinks(hands: StageHands | undefined, actor: CaseActor): void {
    const links = useModel(actor, (model) => model?.links);
    useEffect(() => hands?.controller.setLinks((links ?? []).map((one) => one.link)), [hands, links]);
}

/** A finished drawing becomes part of the case. */
function useFinish(actor: CaseActor): (annotation: Annotation) => Promise<boolean> {
    const words = useWords();
    return useCallback(
        (annotation) => sayRefusal(words, actor.command({ type: 'AddAnnotation', annotation })),
        [actor, words],
    );
}

/** Takes back one's own newest drawing; nobody can undo another's. */
function useUndo(actor: CaseActor, me: string): () => void {
    const words = useWords();
    return () => {
        const own = actor.store.get().model?.annotations.filter((one) => one.by === me) ?? [];
        const newest = [...own].sort((a, b) => b.at - a.at)[0];
        if (newest) {
            const { annotation } = newest.annotation;
            void sayRefusal(
                words,
                actor.command({ type: 'RemoveAnnotation', annotation, reason: 'undo' }),
            );
        }
    };
}
