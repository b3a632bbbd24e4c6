// The signed-in person: worklist, preferences, how far they read.
import type { UserDown, WorklistEntry } from '../wire';

export interface UserModel {
    name: string;
    login: string;
    administrator: boolean;
    coordinator: boolean;
    entries: WorklistEntry[];
    preferences: ReadonlyMap<string, string>;
    readMarks: ReadonlyMap<string, number>;
    /** Private words by case. */
    notes: ReadonlyMap<string, string>;
}

export function reduceUser(user: UserModel | undefined, message: UserDown): UserModel | undefined {
    if (message.type === 'UserSnapshot') {
        return {
            name: message.name,
            login: message.login,
            administrator: message.administrator,
            coordinator: message.coordinator,
            entries: message.entries,
            preferences: new Map(message.preferences.map((one) => [one.name, one.value])),
            readMarks: new Map(message.readMarks.map((one) => [one.patientCase, one.version])),
            notes: new Map(message.notes.map((one) => [one.patientCase, one.text])),
        };
    }
    if (!user) {
        return undefined;
    }
    switch (message.type) {
        case 'EntryPut': {
            const { entry } = message;
            const known = user.entries.some((one) => one.id === entry.id);
            const entries = known
                ? user.entries.map((one) => (one.id === entry.id ? entry : one))
                : [...user.entries, entry];
            return { ...user, entries };
        }
        case 'EntryRemoved':
            return { ...user, entries: user.entries.filter((one) => one.id !== message.id) };
        case 'PreferenceSet': {
            const preferences = new Map(user.preferences);
            if (message.value === '') {
                preferences.delete(message.name);
            } else {
                preferences.set(message.name, message.value);
            }
            return { ...user, preferences };
        }
        case 'NoteSet': {
            const notes = new Map(user.notes);
            if (message.text === '') {
                notes.delete(message.patientCase);
            } else {
                notes.set(message.patientCase, message.text);
            }
            return { ...user, notes };
        }
        case 'ReadMarked': {
            const readMarks = new Map(user.readMarks);
            const before = readMarks.get(message.patientCase) ?? 0;
            readMarks.set(message.patientCase, Math.max(before, message.version));
            return { ...user, readMarks };
        }
        default:
            return user;
    }
}
