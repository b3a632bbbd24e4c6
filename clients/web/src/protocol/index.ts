// What is said between this client and the server. The words are declared in protocol/schema; this
// is the one place the rest of the client imports them from.
export * from './generated/board';
export * from './generated/deciding';
export * from './generated/drawing';
export * from './generated/hangings';
export { decodeDown, type DownFrame } from './generated/down';
export type * from './generated/kinds';
export * from './generated/keeping';
export * from './generated/organisation';
export * from './generated/patient_case';
export * from './generated/preparation';
export * from './generated/reply';
export * from './generated/series';
export * from './generated/session';
export * from './generated/stage';
export { encodeUp } from './generated/up';
export * from './generated/user';
export { encodeRecord } from './record';
export { ProtocolError, ZERO_UUID } from './values';
