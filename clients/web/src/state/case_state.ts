// A patient's case as this client holds it: as much of it as the audience of the channel allows.
import type {
    BoardLink,
    CardEntry,
    CaseMember,
    CaseStatus,
    ChatMessage,
    Decision,
    Discussion,
    DisplaySetRecord,
    KeyImage,
    PatientCaseDown,
    SavedView,
    SeriesLink,
    StoredAnnotation,
    StoredLink,
    Subject,
    Task,
} from '../wire';
import { consentOf, reduceConsent, type ConsentModel } from './consent_state';
import { nothingHeld, reduceHeld, type HeldModel } from './held_state';
import { reduceKeeping, type KeepingModel } from './keeping_state';
import { reduceRecord } from './record_state';
import {
    applyEphemera,
    settleStage,
    stageFromSnapshot,
    type StageModel,
} from './stage_state';

export interface CaseModel extends ConsentModel, KeepingModel, HeldModel {
    /** False for those who see the status only. */
    clinical: boolean;
    subject: Subject;
    /** Who the patient is is not told: the subject is empty but for the sex, and nobody reads along in the chat. */
    masked: boolean;
    /** Instead of the birth date, as DICOM writes it. */
    age: string;
    title: string;
    status: CaseStatus;
    statusAt: number;
    members: CaseMember[];
    boards: BoardLink[];
    displaySets: DisplaySetRecord[];
    annotations: StoredAnnotation[];
    links: StoredLink[];
    views: SavedView[];
    messages: ChatMessage[];
    stage: StageModel | undefined;
    card: CardEntry[];
    keyImages: KeyImage[];
    decisions: Decision[];
    tasks: Task[];
    discussions: Discussion[];
}

export interface Header {
    version: number;
    at: number;
    by: string | undefined;
}

const noSubject: Subject = { name: '', birthDate: '', sex: '', patientId: '' };
const nobody = '00000000-0000-0000-0000-000000000000';

export function reduceCase(
    patientCase: CaseModel | undefined,
    message: PatientCaseDown,
    header: Header,
): CaseModel | undefined {
    if (message.type === 'CaseSnapshot') {
        const { type: _type, stage, ...rest } = message;
        return {
            clinical: true,
            ...rest,
            viewers: [],
            heldNoted: 0,
            restriction: rest.restriction,
            stage: stage && stageFromSnapshot(stage),
        };
    }
    if (message.type === 'CaseStatusSnapshot') {
        return {
            clinical: false,
            subject: noSubject,
            masked: true,
            age: '',
            title: '',
            status: message.status,
            statusAt: message.statusAt,
            members: [],
            boards: [],
            displaySets: [],
            annotations: [],
            links: [],
            views: [],
            messages: [],
            stage: undefined,
            card: [],
            keyImages: [],
            decisions: [],
            tasks: [],
            discussions: [],
            ...nothingHeld,
            ...consentOf(message),
        };
    }
    if (!patientCase) {
        return undefined;
    }
    return (
        reduceStage(patientCase, message) ??
        reduceContent(patientCase, message, header) ??
        reduceRecord(patientCase, message, header) ??
        reduceAccess(patientCase, message, header) ??
        reduceConsent(patientCase, message, header) ??
        reduceKeeping(patientCase, message) ??
        reduceHeld(patientCase, message, header) ??
        patientCase
    );
}

function reduceStage(patientCase: CaseModel, message: PatientCaseDown): CaseModel | undefined {
    const { stage } = patientCase;
    if (!stage) {
        return undefined;
    }
    switch (message.type) {
        case 'Ephemera':
            return { ...patientCase, stage: applyEphemera(stage, message) };
        case 'StageSettled':
            return {
                ...patientCase,
                stage: settleStage(stage, message.layout, message.stageVersion),
            };
        case 'FloorChanged':
            return { ...patientCase, stage: { ...stage, floor: message.floor } };
        case 'PointersQuieted':
            return { ...patientCase, stage: { ...stage, quiet: message.quiet } };
        default:
            return undefined;
    }
}

/** One link lies between two frames of reference, whichever of them it names first. */
const sameSpaces = (a: SeriesLink, b: SeriesLink): boolean =>
    (a.first === b.first && a.second === b.second) || (a.first === b.second && a.second === b.first);

function reduceContent(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { version, at, by = nobody }: Header,
): CaseModel | undefined {
    switch (message.type) {
        case 'MessagePosted': {
            const { message: id, text } = message;
            const posted: ChatMessage = { message: id, at, by, text, version };
            return { ...patientCase, messages: [...patientCase.messages, posted] };
        }
        case 'AnnotationLabelled': {
            const { annotation: id, label } = message;
            const labelled = (one: StoredAnnotation): StoredAnnotation =>
                one.annotation.annotation === id
                    ? { ...one, annotation: { ...one.annotation, label } }
                    : one;
            return { ...patientCase, annotations: patientCase.annotations.map(labelled) };
        }
        case 'SeriesLinked': {
            const { link } = message;
            const others = patientCase.links.filter((one) => !sameSpaces(one.link, link));
            return { ...patientCase, links: [...others, { link, by, at }] };
        }
        case 'SeriesUnlinked':
            return {
                ...patientCase,
                links: patientCase.links.filter((one) => one.link.link !== message.link),
            };
        case 'AnnotationAdded': {
            const { annotation } = message;
            const others = patientCase.annotations.filter(
                (one) => one.annotation.annotation !== annotation.annotation,
            );
            return { ...patientCase, annotations: [...others, { annotation, by, at }] };
        }
        case 'AnnotationRemoved':
            return {
                ...patientCase,
                annotations: patientCase.annotations.filter(
                    (one) => one.annotation.annotation !== message.annotation,
                ),
            };
        case 'ImagesAdded': {
            const series = new Set(message.displaySets.map((one) => one.seriesUid));
            const others = patientCase.displaySets.filter((one) => !series.has(one.seriesUid));
            const there = message.displaySets.filter((one) => one.instances > 0);
            return { ...patientCase, displaySets: [...others, ...there] };
        }
        default:
            return undefined;
    }
}

function reduceAccess(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { at }: Header,
): CaseModel | undefined {
    switch (message.type) {
        case 'CaseCreated': {
            const { subject, title, members } = message;
            return { ...patientCase, subject, title, members };
        }
        case 'AccessGranted': {
            const others = patientCase.members.filter((one) => one.user !== message.member.user);
            return { ...patientCase, members: [...others, message.member] };
        }
        case 'AccessRevoked':
        case 'AccessEnded':
            return {
                ...patientCase,
                members: patientCase.members.filter((one) => one.user !== message.user),
            };
        case 'ListedOnBoard': {
            const { link } = message;
            const others = patientCase.boards.filter(
                (one) => one.board !== link.board || one.item !== link.item,
            );
            return { ...patientCase, boards: [...others, link] };
        }
        case 'UnlistedFromBoard':
            return {
                ...patientCase,
                boards: patientCase.boards.filter(
                    (one) => one.board !== message.board || one.item !== message.item,
                ),
            };
        case 'StatusChanged':
            return { ...patientCase, status: message.status, statusAt: at };
        default:
            return undefined;
    }
}

/** Messages after the read mark that somebody else wrote. */
export const unreadCount = (patientCase: CaseModel, readTo: number, me: string): number =>
    patientCase.messages.filter((one) => one.version > readTo && one.by !== me).length;
