// The controls of every page. A button that has a key shows it.
import { createPortal } from 'react-dom';
import {
    useId,
    useLayoutEffect,
    useRef,
    type ButtonHTMLAttributes,
    type InputHTMLAttributes,
    type ReactNode,
} from 'react';
import { useWords } from '../words';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
    look?: 'primary' | 'quiet' | 'plain';
    keyLabel?: string | undefined;
    tight?: boolean;
    icon?: boolean;
}

export function Button({
    look = 'plain',
    keyLabel,
    tight,
    icon,
    className,
    children,
    ...rest
}: ButtonProps) {
    const classes = ['button', look, tight && 'tight', icon && 'icon', className];
    return (
        <button type="button" className={classes.filter(Boolean).join(' ')} {...rest}>
            {children}
            {keyLabel !== undefined && <kbd aria-hidden="true">{keyLabel}</kbd>}
        </button>
    );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
    label: string;
    help?: string;
}

export function Field({ label, help, ...rest }: FieldProps) {
    const id = useId();
    return (
        <div className="field">
            <label htmlFor={id}>{label}</label>
            <input
                id={id}
                className="input"
                aria-describedby={help === undefined ? undefined : `${id}-help`}
                {...rest}
            />
            {help !== undefined && (
                <span id={`${id}-help`} className="mute small">
                    {help}
                </span>
            )}
        </div>
    );
}

interface ChoiceProps {
    label: string;
    value: string;
    onChange: (value: string) => void;
    options: { value: string; label: string }[];
}

export function Choice({ label, value, onChange, options }: ChoiceProps) {
    const id = useId();
    return (
        <div className="field">
            <label htmlFor={id}>{label}</label>
            <select
                id={id}
                className="input"
                value={value}
                onChange={(event) => onChange(event.target.value)}
            >
                {options.map((option) => (
                    <option key={option.value} value={option.value}>
                        {option.label}
                    </option>
                ))}
            </select>
        </div>
    );
}

interface SheetProps {
    title: string;
    open: boolean;
    onClose: () => void;
    children: ReactNode;
}

/**
 * A dialog. Mounted only while open, so its fields begin empty each time; and not where it came from: in a column that
 * folds away meanwhile it would hold the page and be seen by nobody.
 */
export function Sheet({ title, open, onClose, children }: SheetProps) {
    const ref = useRef<HTMLDialogElement>(null);
    const id = useId();
    const words = useWords();
    // Before what is in it has its effects: nothing takes the focus in a dialog that is not shown.
    useLayoutEffect(() => {
        if (open) {
            ref.current?.showModal();
        }
    }, [open]);
    if (!open) {
        return null;
    }
    return createPortal(
        <dialog ref={ref} className="sheet" aria-labelledby={id} onClose={onClose}>
            <header>
                <h2 id={id}>{title}</h2>
                <Button look="quiet" tight onClick={() => ref.current?.close()}>
                    {words.close}
                </Button>
            </header>
            <div className="body">{children}</div>
        </dialog>,
        document.querySelector('.place') ?? document.body,
    );
}

export function Notice({
    title,
    help,
    children,
}: {
    title: string;
    help?: string | undefined;
    children?: ReactNode;
}) {
    return (
        <div className="notice">
            <strong>{title}</strong>
            {help !== undefined && <span>{help}</span>}
            {children}
        </div>
    );
}
