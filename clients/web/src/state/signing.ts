// Who is about to sign: what their account has, and whether their window for signing in a meeting is open. Read when a
// form asks for a signature; nothing that proves anybody is kept.
import { useCallback, useEffect, useState } from 'react';
import { readAccount, signIns, type Problem } from '../connection/account';
import { passkeysWork } from '../connection/passkey';

export interface Signer {
    open: boolean;
    hasFactor: boolean;
    hasApp: boolean;
    hasPasskey: boolean;
}

export type SignerState = { is: 'asking' } | { is: 'known'; signer: Signer } | Problem;

async function ask(board: string): Promise<SignerState> {
    const [account, list] = await Promise.all([readAccount(), signIns()]);
    if (account.is === 'problem') {
        return account;
    }
    if (list.is === 'problem') {
        return list;
    }
    const { factors } = account.body;
    const here = list.body.signIns.find((one) => one.current);
    return {
        is: 'known',
        signer: {
            open: here?.board === board && (here.signsUntil ?? 0) > Date.now(),
            hasFactor: factors.length > 0,
            hasApp: factors.some(({ kind }) => kind === 'code'),
            hasPasskey: factors.some(({ kind }) => kind === 'passkey') && passkeysWork(),
        },
    };
}

export function useSigner(board: string): [SignerState, () => void] {
    const [state, setState] = useState<SignerState>({ is: 'asking' });
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        let gone = false;
        void ask(board).then((found) => {
            if (!gone) {
                setState(found);
            }
        });
        return () => {
            gone = true;
        };
    }, [board, turn]);
    return [state, useCallback(() => setTurn((before) => before + 1), [])];
}
