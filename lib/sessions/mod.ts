/**
 * Connections: a broker's listeners and everything behind them.
 *
 * @module
 */
export type { ConnectionSnapshot } from "./connection_snapshot.ts";
export type { Role } from "./context.ts";
export type { Listener, ListenSpec } from "./listener.ts";
export type { Listening } from "./entrance.ts";
export { Server, type ServerSettings } from "./server.ts";
export type { Settings } from "./settings.ts";
export type { MembershipSnapshot } from "./memberships.ts";
export type { SubscriptionSnapshot } from "./subscriptions.ts";
export type { CertificatePem, Certificates } from "./tls/certificates.ts";
export type { CertificateSnapshot, Handshake, TlsSource } from "./tls/types.ts";
export type { Transport } from "./transport.ts";
export type { Heap } from "./heap_keeper.ts";
export { PROCESS_HEAP } from "./process_heap.ts";
export { ProcessLoop } from "./turns/event_loop.ts";
export type { OwnedLoop } from "./turns/turns.ts";
