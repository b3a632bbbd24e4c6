// What went wrong with a proof of who one is, in the reader's words.
import type { Problem } from '../connection/account';
import { useWords } from '../words';

export function useProblem(): (problem: Problem) => string {
    const words = useWords();
    return ({ word, seconds }) =>
        word === 'too_many_attempts'
            ? words.tooManyAttempts(seconds)
            : (words.account.problem[word] ?? words.account.problemElse);
}
