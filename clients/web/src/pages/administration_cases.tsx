// How an organisation's cases stand and whether their patients agreed. No patient, no question, no findings.
import { useCallback } from 'react';
import { casesOf, type ListedCase, type Organisation } from '../connection/administration';
import { Button } from '../ui/controls';
import { follow, go } from '../ui/route';
import { dateText, dateTimeText, useSpeech, useWords } from '../words';
import { Came, usePages } from './administration_parts';
import { caseNumber } from './keeping';

interface CasesProps {
    organisation: Organisation;
    onLooked: (patientCase: string) => void;
}

const pageOf = async (organisation: string, after?: string) => {
    const answer = await casesOf(organisation, after);
    return answer.is === 'done'
        ? { ...answer, body: { list: answer.body.cases, more: answer.body.more } }
        : answer;
};

export function Cases({ organisation, onLooked }: CasesProps) {
    const words = useWords();
    const text = words.administration;
    const ask = useCallback((after?: string) => pageOf(organisation.id, after), [organisation.id]);
    const { answer, list, more, next, look } = usePages(ask);
    const looked = (id: string) => {
        onLooked(id);
        go('/administration/accesses');
    };
    return (
        <>
            <p className="mute">{text.casesLead}</p>
            <Came answer={answer} again={look}>
                {() =>
                    list.length === 0 ? (
                        <p className="mute">{text.casesNone}</p>
                    ) : (
                        <CaseTable list={list} onLooked={looked} />
                    )
                }
            </Came>
            {more && <Button onClick={() => void next()}>{text.more}</Button>}
        </>
    );
}

interface CaseTableProps {
    list: ListedCase[];
    onLooked: (id: string) => void;
}

function CaseTable({ list, onLooked }: CaseTableProps) {
    const { words, language } = useSpeech();
    const text = words.administration;
    const consent = (one: ListedCase): string =>
        [
            text.consent[one.consent],
            one.until === undefined ? '' : text.untilDay(dateText(one.until * 1000, language)),
            one.consent === 'withdrawn' && one.withdrawnAt !== undefined
                ? text.since(dateText(one.withdrawnAt * 1000, language))
                : '',
        ]
            .filter(Boolean)
            .join(' · ');
    return (
        <table className="accesses">
            <thead>
                <tr>
                    <th scope="col">{text.caseNumber}</th>
                    <th scope="col">{text.caseStatus}</th>
                    <th scope="col">{text.caseConsent}</th>
                    <th scope="col">
                        <span className="unseen">{text.caseLooked}</span>
                    </th>
                </tr>
            </thead>
            <tbody>
                {list.map((one) => (
                    <tr key={one.id} data-case={one.id}>
                        <td title={one.id}>
                            <a href={`/cases/${one.id}/consent`} onClick={follow}>
                                {caseNumber(one.id)}
                            </a>
                        </td>
                        <td>
                            {words.caseStatus[one.status]}
                            <span className="mute small">
                                {' '}
                                {text.since(dateTimeText(one.statusAt * 1000, language))}
                            </span>
                            {one.restricted && (
                                <div>
                                    <strong>{words.restriction.title}</strong>
                                </div>
                            )}
                        </td>
                        <td className={one.consent === 'withdrawn' ? 'refused' : undefined}>
                            {one.consent === 'withdrawn' ? (
                                <strong>{consent(one)}</strong>
                            ) : (
                                consent(one)
                            )}
                        </td>
                        <td>
                            <div className="row wrap">
                                <Button
                                    aria-label={text.caseLookedNamed(caseNumber(one.id))}
                                    onClick={() => onLooked(one.id)}
                                >
                                    {text.caseLooked}
                                </Button>
                                <a
                                    className="button"
                                    href={`/cases/${one.id}/consent`}
                                    aria-label={words.keeping.openNamed(caseNumber(one.id))}
                                    onClick={follow}
                                >
                                    {words.keeping.open}
                                </a>
                            </div>
                        </td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
