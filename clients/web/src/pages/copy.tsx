// A copy of what is kept (GDPR 15 and 20): who it is proves that first, then it downloads as one archive.
import { useState } from 'react';
import { readAccount, type Account } from '../connection/account';
import { Button } from '../ui/controls';
import { tell } from '../ui/frame';
import { useProblem } from '../ui/problem';
import { useSpeech } from '../words';
import { ProofSheet } from './account_parts';

/** The browser takes it as a download, piece by piece: nothing of it is held by this page. */
function download(address: string): void {
    const link = document.createElement('a');
    link.href = address;
    link.download = '';
    document.body.append(link);
    link.click();
    link.remove();
}

/** `address` of the copy, without its language. */
export function CopyButton({ address }: { address: string }) {
    const { words, language } = useSpeech();
    const say = useProblem();
    const [account, setAccount] = useState<Account>();
    const [proving, setProving] = useState(false);
    const [problem, setProblem] = useState('');
    const begin = () => {
        setProving(false);
        download(`${address}?language=${language}`);
        tell(words.copy.coming);
    };
    const ask = async () => {
        setProblem('');
        const answer = await readAccount();
        if (answer.is === 'problem') {
            setProblem(say(answer));
            return;
        }
        setAccount(answer.body);
        if (answer.body.proved) {
            begin();
        } else {
            setProving(true);
        }
    };
    return (
        <>
            <div className="row wrap">
                <Button onClick={() => void ask()}>{words.copy.get}</Button>
            </div>
            <p className="problem" role="alert">
                {problem}
            </p>
            {account && (
                <ProofSheet
                    account={account}
                    open={proving}
                    onClose={() => setProving(false)}
                    onProved={begin}
                />
            )}
        </>
    );
}
