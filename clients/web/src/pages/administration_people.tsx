// The people of an organisation: what they are in it, where they are signed in, and who is invited.
import { useCallback, useState, type FormEvent } from 'react';
import type { Answer } from '../connection/account';
import {
    grantable,
    invitations,
    makeOrganisation,
    members,
    renameOrganisation,
    ROOT,
    setRoles,
    withdrawInvitation,
    type Invitation,
    type Organisation,
    type OrganisationMember,
    type OrganisationRole,
} from '../connection/administration';
import { Button, Field, Sheet } from '../ui/controls';
import { tell } from '../ui/frame';
import { dateText, useSpeech, useWords, type Words } from '../words';
import { Came, organisationName, usePages, useRead, useSay } from './administration_parts';
import { CloseAccount } from './administration_closing';
import { Invite } from './administration_invite';
import { Sessions } from './administration_sessions';

interface PeopleProps {
    organisation: Organisation;
    look: () => void;
    choose: (id: string) => void;
}

type Open =
    | 'rename'
    | 'child'
    | 'invite'
    | { roles: OrganisationMember }
    | { sessions: OrganisationMember }
    | { leaving: OrganisationMember }
    | { closing: OrganisationMember };

const leavingOpen = (open: Open | undefined) =>
    typeof open === 'object' && 'leaving' in open ? open.leaving : undefined;
const rolesOpen = (open: Open | undefined) => (typeof open === 'object' && 'roles' in open ? open.roles : undefined);
const sessionsOpen = (open: Open | undefined) =>
    typeof open === 'object' && 'sessions' in open ? open.sessions : undefined;
const closingOpen = (open: Open | undefined) =>
    typeof open === 'object' && 'closing' in open ? open.closing : undefined;

const pageOf = async (organisation: string, after?: string) => {
    const answer = await members(organisation, after);
    return answer.is === 'done'
        ? { ...answer, body: { list: answer.body.people, more: answer.body.more } }
        : answer;
};

export function People({ organisation, look, choose }: PeopleProps) {
    const words = useWords();
    const text = words.administration;
    const [open, setOpen] = useState<Open>();
    const close = () => setOpen(undefined);
    const ask = useCallback((after?: string) => pageOf(organisation.id, after), [organisation.id]);
    const people = usePages(ask);
    const askInvited = useCallback(() => invitations(organisation.id), [organisation.id]);
    const invited = useRead(askInvited);
    const name = organisationName(words, organisation);
    const roles = rolesOpen(open);
    const sessions = sessionsOpen(open);
    const leaving = leavingOpen(open);
    const closing = closingOpen(open);
    const made = (id: string | undefined) => {
        close();
        look();
        if (id !== undefined) {
            choose(id);
        }
    };
    return (
        <>
            <header className="head">
                <h2>{name}</h2>
                <Button onClick={() => setOpen('rename')}>{text.rename}</Button>
                <Button onClick={() => setOpen('child')}>{text.addChild}</Button>
                <Button look="primary" onClick={() => setOpen('invite')}>
                    {text.invite}
                </Button>
            </header>
            <section aria-labelledby="people">
                <h3 id="people">{text.people}</h3>
                <Came answer={people.answer} again={people.look}>
                    {() => <Members list={people.list} onOpen={setOpen} />}
                </Came>
                {people.more && <Button onClick={() => void people.next()}>{text.more}</Button>}
            </section>
            <section aria-labelledby="invitations">
                <h3 id="invitations">{text.invitations}</h3>
                <Came answer={invited.answer} again={invited.look}>
                    {(body) => (
                        <Invitations
                            organisation={organisation.id}
                            list={body.invitations.filter(({ state }) => state === 'open')}
                            look={invited.look}
                        />
                    )}
                </Came>
            </section>
            <Sheet title={text.renameTitle} open={open === 'rename'} onClose={close}>
                <NameForm
                    first={organisation.name}
                    button={words.save}
                    send={(typed) => renameOrganisation(organisation.id, typed)}
                    onDone={() => {
                        tell(text.renamed);
                        made(undefined);
                    }}
                />
            </Sheet>
            <Sheet title={text.addChild} open={open === 'child'} onClose={close}>
                <NameForm
                    first=""
                    help={text.addChildHelp}
                    button={words.save}
                    send={(typed) => makeOrganisation(organisation.id, typed)}
                    onDone={(typed, body) => {
                        tell(text.added(typed));
                        made((body as { id: string }).id);
                    }}
                />
            </Sheet>
            <Sheet title={text.invite} open={open === 'invite'} onClose={close}>
                <Invite organisation={organisation.id} onMade={invited.look} onClose={close} />
            </Sheet>
            <Sheet title={roles ? text.rolesOf(roles.name) : ''} open={roles !== undefined} onClose={close}>
                {roles && (
                    <RolesForm
                        organisation={organisation.id}
                        member={roles}
                        onDone={() => {
                            close();
                            people.look();
                        }}
                    />
                )}
            </Sheet>
            <Sheet
                title={leaving ? text.lettingGoOf(leaving.name) : ''}
                open={leaving !== undefined}
                onClose={close}
            >
                {leaving && (
                    <LetGo
                        organisation={organisation.id}
                        member={leaving}
                        onDone={() => {
                            close();
                            people.look();
                        }}
                    />
                )}
            </Sheet>
            <Sheet
                title={sessions ? text.sessionsOf(sessions.name) : ''}
                open={sessions !== undefined}
                onClose={close}
            >
                {sessions && <Sessions organisation={organisation.id} person={sessions.id} />}
                {sessions && organisation.id === ROOT && (
                    <Button onClick={() => setOpen({ closing: sessions })}>{text.closeAccount}</Button>
                )}
            </Sheet>
            <Sheet
                title={closing ? text.closeTitle(closing.name) : ''}
                open={closing !== undefined}
                onClose={close}
            >
                {closing && (
                    <CloseAccount
                        person={closing.id}
                        name={closing.name}
                        onClosed={() => {
                            close();
                            people.look();
                        }}
                    />
                )}
            </Sheet>
        </>
    );
}

interface MembersProps {
    list: OrganisationMember[];
    onOpen: (open: Open) => void;
}

function Members({ list, onOpen }: MembersProps) {
    const { words, language } = useSpeech();
    const text = words.administration;
    if (list.length === 0) {
        return <p className="mute">{text.nobody}</p>;
    }
    const shown = [...list].sort((a, b) => a.name.localeCompare(b.name));
    const about = (member: OrganisationMember): string =>
        [
            member.roles.map((role) => text.role[role]).join(', ') || text.noRoles,
            member.until === undefined ? '' : text.untilDay(dateText(member.until * 1000, language)),
        ]
            .filter(Boolean)
            .join(' · ');
    return (
        <ul className="list devices">
            {shown.map((member) => (
                <li key={member.id} data-person={member.login ?? member.name}>
                    <div>
                        <strong>{member.name}</strong> <span className="mute small">{member.login}</span>
                        <div className="mute small">{about(member)}</div>
                        {member.elsewhere && <div className="mute small">{text.elsewhere}</div>}
                    </div>
                    {member.elsewhere ? (
                        <Button
                            aria-label={text.letGoNamed(member.name)}
                            onClick={() => onOpen({ leaving: member })}
                        >
                            {text.letGo}
                        </Button>
                    ) : (
                        <>
                            <Button
                                aria-label={text.rolesOf(member.name)}
                                onClick={() => onOpen({ roles: member })}
                            >
                                {text.roles}
                            </Button>
                            <Button
                                aria-label={text.sessionsOf(member.name)}
                                onClick={() => onOpen({ sessions: member })}
                            >
                                {text.sessions}
                            </Button>
                        </>
                    )}
                </li>
            ))}
        </ul>
    );
}

interface InvitationsProps {
    organisation: string;
    list: Invitation[];
    look: () => void;
}

/** A link leads to an organisation, to one case or to a meeting: which one is not for this page to say. */
const givenBy = (words: Words, { roles, role, items }: Invitation): string =>
    items !== undefined
        ? words.links.toMeeting(items.length)
        : role !== undefined
          ? words.links.toCase(words.links.role[role])
          : roles.map((one) => words.administration.role[one]).join(', ');

function Invitations({ organisation, list, look }: InvitationsProps) {
    const { words, language } = useSpeech();
    const text = words.administration;
    const say = useSay();
    const [problem, setProblem] = useState('');
    const withdraw = async (id: string) => {
        const answer = await withdrawInvitation(organisation, id);
        setProblem(answer.is === 'done' ? '' : say(answer));
        if (answer.is === 'done') {
            tell(text.withdrawn);
        }
        look();
    };
    return (
        <>
            {list.length === 0 && <p className="mute">{text.noInvitations}</p>}
            <ul className="list devices">
                {list.map((one) => (
                    <li key={one.id}>
                        <div>
                            <strong>{one.name || words.links.role.patient}</strong>
                            <div className="mute small">
                                {givenBy(words, one)} ·{' '}
                                {text.openUntil(dateText(one.until * 1000, language))}
                            </div>
                        </div>
                        <Button
                            aria-label={text.withdrawNamed(one.name)}
                            onClick={() => void withdraw(one.id)}
                        >
                            {text.withdraw}
                        </Button>
                    </li>
                ))}
            </ul>
            <p className="problem" role="alert">
                {problem}
            </p>
        </>
    );
}

interface NameFormProps {
    first: string;
    help?: string;
    button: string;
    send: (name: string) => Promise<Answer<unknown>>;
    onDone: (name: string, body: unknown) => void;
}

function NameForm({ first, help, button, send, onDone }: NameFormProps) {
    const words = useWords();
    const say = useSay();
    const [name, setName] = useState(first);
    const [problem, setProblem] = useState('');
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const answer = await send(name.trim());
        if (answer.is === 'done') {
            onDone(name.trim(), answer.body);
        } else {
            setProblem(say(answer));
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <Field
                label={words.administration.name}
                {...(help === undefined ? {} : { help })}
                name="organisation"
                maxLength={100}
                required
                autoFocus
                value={name}
                onChange={(event) => setName(event.target.value)}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary">
                {button}
            </Button>
        </form>
    );
}

interface RoleTicksProps {
    chosen: readonly OrganisationRole[];
    choose: (roles: OrganisationRole[]) => void;
}

export function RoleTicks({ chosen, choose }: RoleTicksProps) {
    const words = useWords();
    const text = words.administration;
    const toggle = (role: OrganisationRole) =>
        choose(chosen.includes(role) ? chosen.filter((one) => one !== role) : [...chosen, role]);
    return (
        <fieldset className="plain stack role-ticks">
            <legend>{text.roles}</legend>
            {grantable.map((role) => (
                <label key={role} className="row tick">
                    <input
                        type="checkbox"
                        name={role}
                        checked={chosen.includes(role)}
                        onChange={() => toggle(role)}
                    />
                    <span>
                        {text.role[role]}
                        <span className="mute small">{text.roleHelp[role]}</span>
                    </span>
                </label>
            ))}
        </fieldset>
    );
}

interface AboutMemberProps {
    organisation: string;
    member: OrganisationMember;
    onDone: () => void;
}

/** Of who is something elsewhere, too: what they are here ends, and nothing else. */
function LetGo({ organisation, member, onDone }: AboutMemberProps) {
    const text = useWords().administration;
    const say = useSay();
    const [problem, setProblem] = useState('');
    const end = async () => {
        const answer = await setRoles(organisation, member.id, []);
        if (answer.is === 'done') {
            tell(text.letGoDone(member.name));
            onDone();
        } else {
            setProblem(say(answer));
        }
    };
    return (
        <div className="stack">
            <p>{text.letGoLead}</p>
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button look="primary" onClick={() => void end()}>
                {text.letGo}
            </Button>
        </div>
    );
}

function RolesForm({ organisation, member, onDone }: AboutMemberProps) {
    const words = useWords();
    const say = useSay();
    const [roles, choose] = useState<OrganisationRole[]>(member.roles);
    const [problem, setProblem] = useState('');
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const answer = await setRoles(organisation, member.id, roles);
        if (answer.is === 'done') {
            tell(words.administration.rolesSaved);
            onDone();
        } else {
            setProblem(say(answer));
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <p className="mute">{words.administration.rolesLead}</p>
            <RoleTicks chosen={roles} choose={choose} />
            {roles.length === 0 && <p>{words.administration.rolesEmpty}</p>}
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary">
                {words.save}
            </Button>
        </form>
    );
}
