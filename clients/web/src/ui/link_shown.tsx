// A link for one person, shown this once.
import { paperTime, useSpeech } from '../words';
import { Button, Field } from './controls';
import { tell } from './frame';

interface LinkShownProps {
    token: string;
    /** Milliseconds. */
    until: number;
    name: string;
    onClose: () => void;
}

export function LinkShown({ token, until, name, onClose }: LinkShownProps) {
    const { words, language } = useSpeech();
    const text = words.administration;
    // Behind the #, which a browser sends to no server.
    const link = `${window.location.origin}/invitation#${token}`;
    const copy = () =>
        navigator.clipboard.writeText(link).then(
            () => tell(text.copied),
            () => tell(text.copyFailed),
        );
    return (
        <div className="stack">
            <h3>{text.linkTitle(name)}</h3>
            <p>{text.linkLead(paperTime(until * 1000, language))}</p>
            <Field
                label={text.link}
                name="link"
                readOnly
                value={link}
                onFocus={(event) => event.target.select()}
            />
            <Button look="primary" autoFocus onClick={() => void copy()}>
                {text.copy}
            </Button>
            <Button look="quiet" onClick={onClose}>
                {words.close}
            </Button>
        </div>
    );
}
