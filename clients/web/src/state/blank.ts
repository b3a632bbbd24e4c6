// Snapshots of actors with nothing in them: what tests begin with.
import type { BoardSnapshot, CaseSnapshot, SeriesSnapshot, UserSnapshot } from '../wire';
import { defaultTemplate, ZERO_UUID } from '../wire';

export const blankBoard = (change: Partial<BoardSnapshot> = {}): BoardSnapshot => ({
    type: 'BoardSnapshot',
    title: '',
    startsAt: 0,
    state: 'planned',
    members: [],
    items: [],
    openItem: 0,
    attended: [],
    nextItem: 1,
    stage: undefined,
    series: ZERO_UUID,
    template: undefined,
    cutOffAt: 0,
    published: false,
    inTheRoom: [],
    closing: [],
    steppedAt: 0,
    steppedFrom: 0,
    steppedPlace: 0,
    unsignedItems: [],
    closings: 0,
    organisation: ZERO_UUID,
    ...change,
});

export const blankCase = (change: Partial<CaseSnapshot> = {}): CaseSnapshot => ({
    type: 'CaseSnapshot',
    subject: { name: '', birthDate: '', sex: '', patientId: '' },
    title: '',
    status: 'opened',
    statusAt: 0,
    members: [],
    boards: [],
    displaySets: [],
    annotations: [],
    views: [],
    messages: [],
    stage: undefined,
    card: [],
    keyImages: [],
    decisions: [],
    tasks: [],
    discussions: [],
    masked: false,
    age: '',
    organisation: ZERO_UUID,
    ...change,
});

export const blankSeries = (change: Partial<SeriesSnapshot> = {}): SeriesSnapshot => ({
    type: 'SeriesSnapshot',
    title: '',
    members: [],
    template: defaultTemplate(),
    meetings: [],
    editedBy: ZERO_UUID,
    organisation: ZERO_UUID,
    ...change,
});

export const blankUser = (change: Partial<UserSnapshot> = {}): UserSnapshot => ({
    type: 'UserSnapshot',
    name: '',
    login: '',
    administrator: false,
    entries: [],
    preferences: [],
    readMarks: [],
    notes: [],
    coordinator: false,
    memberships: [],
    ...change,
});
