// Passkeys: what navigator.credentials is asked and gives, as the server says and reads it.

/** What the server wants to have signed. */
export interface PasskeyQuestion {
    challenge: string;
    domain: string;
    user: string;
    passkeys: string[];
}

export interface PasskeyAnswer {
    credential: string;
    authenticatorData: string;
    clientData: string;
    signature: string;
    user: string;
}

export interface PasskeyMade {
    authenticatorData: string;
    clientData: string;
}

const ES256 = -7;
const EDDSA = -8;
const RS256 = -257;
const TIMEOUT_MS = 120_000;

/** A page at an address has none, and neither has an old browser. */
export const passkeysWork = (): boolean =>
    window.isSecureContext &&
    'credentials' in navigator &&
    typeof window.PublicKeyCredential === 'function' &&
    /[a-z]/i.test(window.location.hostname);

function toText(bytes: ArrayBuffer): string {
    const letters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
    return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function toBytes(text: string): Uint8Array<ArrayBuffer> {
    const letters = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

const known = (ids: string[]): PublicKeyCredentialDescriptor[] =>
    ids.map((id) => ({ type: 'public-key', id: toBytes(id) }));

/**
 * `alone`: instead of a password, so the authenticator has to verify its person; beside one it need not.
 * Undefined = cancelled.
 */
export async function askPasskey(
    question: PasskeyQuestion,
    alone: boolean,
): Promise<PasskeyAnswer | undefined> {
    const given = await navigator.credentials
        .get({
            publicKey: {
                challenge: toBytes(question.challenge),
                rpId: question.domain,
                allowCredentials: known(question.passkeys),
                userVerification: alone ? 'required' : 'discouraged',
                timeout: TIMEOUT_MS,
            },
        })
        .catch(() => null);
    if (
        !(given instanceof PublicKeyCredential) ||
        !(given.response instanceof AuthenticatorAssertionResponse)
    ) {
        return undefined;
    }
    const { authenticatorData, clientDataJSON, signature, userHandle } = given.response;
    return {
        credential: toText(given.rawId),
        authenticatorData: toText(authenticatorData),
        clientData: toText(clientDataJSON),
        signature: toText(signature),
        user: userHandle ? toText(userHandle) : '',
    };
}

export async function makePasskey(
    question: PasskeyQuestion,
    site: string,
    login: string,
): Promise<PasskeyMade | undefined> {
    const given = await navigator.credentials
        .create({
            publicKey: {
                challenge: toBytes(question.challenge),
                rp: { id: question.domain, name: site },
                user: { id: toBytes(question.user), name: login, displayName: login },
                pubKeyCredParams: [ES256, EDDSA, RS256].map((alg) => ({ type: 'public-key', alg })),
                excludeCredentials: known(question.passkeys),
                authenticatorSelection: {
                    residentKey: 'preferred',
                    userVerification: 'preferred',
                },
                attestation: 'none',
                timeout: TIMEOUT_MS,
            },
        })
        .catch(() => null);
    if (
        !(given instanceof PublicKeyCredential) ||
        !(given.response instanceof AuthenticatorAttestationResponse)
    ) {
        return undefined;
    }
    return {
        authenticatorData: toText(given.response.getAuthenticatorData()),
        clientData: toText(given.response.clientDataJSON),
    };
}
