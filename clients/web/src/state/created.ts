// Who may make a board, a case or a series may open one that nobody has made: it has a channel, and nothing in it.

interface Titled {
    title: string;
    members: readonly unknown[];
}

/** None begins without a title and somebody who belongs to it. */
export const isCreated = ({ title, members }: Titled): boolean => title !== '' || members.length > 0;
