// A board series as this client holds it: who belongs to it, its template, its meetings.
import type { Header } from './case_state';
import type { SeriesDown, SeriesMeeting, SeriesMember, Template } from '../wire';

export interface SeriesModel {
    title: string;
    members: SeriesMember[];
    template: Template;
    meetings: SeriesMeeting[];
    /** Who edited the template last. */
    editedBy: string;
}

export function reduceSeries(
    series: SeriesModel | undefined,
    message: SeriesDown,
    { by }: Header,
): SeriesModel | undefined {
    if (message.type === 'SeriesSnapshot') {
        const { title, members, template, meetings, editedBy } = message;
        return { title, members, template, meetings, editedBy };
    }
    if (!series) {
        return undefined;
    }
    switch (message.type) {
        case 'SeriesCreated': {
            const { title, members, template } = message;
            return { ...series, title, members, template };
        }
        case 'TemplateEdited':
            return { ...series, template: message.template, editedBy: by ?? series.editedBy };
        case 'SeriesMemberPut': {
            const { member } = message;
            const known = series.members.some((one) => one.user === member.user);
            const members = known
                ? series.members.map((one) => (one.user === member.user ? member : one))
                : [...series.members, member];
            return { ...series, members };
        }
        case 'SeriesMemberDropped':
            return {
                ...series,
                members: series.members.filter((one) => one.user !== message.user),
            };
        case 'MeetingPlanned': {
            const { board, startsAt } = message;
            const others = series.meetings.filter((one) => one.board !== board);
            return { ...series, meetings: [...others, { board, startsAt }] };
        }
        default:
            return series;
    }
}
