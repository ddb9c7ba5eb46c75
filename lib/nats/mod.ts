/**
 * The engine on a NATS cluster: `broker --engine nats://a:4222,b:4222`. Loaded only where one is asked for.
 *
 * @module
 */
import { withDeadLetters } from "../engine/groups/dead_letters.ts";
import { NatsEngine } from "../engine/nats/engine.ts";
import { storedOnStream, type StreamTerms } from "../engine/nats/stored/mod.ts";
import type { NatsDenied } from "../engine/nats/port.ts";
import type { StoredSource } from "../engine/nats/stored_side.ts";
import { Subjects } from "../engine/nats/subjects.ts";
import type { EngineParts, EngineSource } from "../engine/source.ts";
import type { Engine } from "../engine/types.ts";
import { ACK_TIMEOUT_MS, ATTEMPTS_MOST, SELDOM_MS } from "../limits.ts";
import { Seldom } from "../seldom.ts";
import type { NatsConnectionLink } from "./link.ts";
import { openLinks } from "./open_links.ts";
import { openStream } from "./open_stream.ts";
import type { NatsOptions } from "./options.ts";

export type { NatsCredentials } from "./connection_options.ts";
export type { NatsOptions } from "./options.ts";

/** An engine that is connected. */
export interface NatsSource extends EngineSource {
  readonly serverName: string;
  readonly version: string;
  /** Whether the cluster stores anything. */
  readonly jetstream: boolean;
  /** Resolves, with the reason, when the connection has ended and will not come back; mostly never. */
  readonly lost: Promise<string>;
}

/** Connects. Rejects with RunError, one line that says what to do. */
export async function openNats(options: NatsOptions): Promise<NatsSource> {
  const { link, groupLink } = await openLinks(options);
  const { info } = link.connection;
  const { log } = options;
  const stored = options.durable.length === 0 ? undefined : await storedIn(link, options).catch((error) => {
    for (const each of [link, groupLink]) each.close(() => {});
    throw error;
  });
  let opened = false;
  return {
    serverName: info!.server_name,
    version: info!.version,
    jetstream: info!.jetstream === true,
    lost: Promise.race([link.lost, groupLink.lost]),
    open: (parts: EngineParts): Engine => {
      if (opened) throw new TypeError("an engine is opened once");
      opened = true;
      link.watch({
        down: (reason) => log.warn("NATS is away", { server: link.state.server, reason }),
        up: () => log.info("NATS is back", { server: link.state.server }),
      });
      const denials = new Seldom(SELDOM_MS);
      const denied = ({ reason }: NatsDenied): void => {
        denials.happened(parts.clock.now(), (times) => {
          log.warn("NATS does not let this broker do what it has to", { reason, times });
        });
      };
      for (const each of [link, groupLink]) each.watch({ denied });
      const unreadable = new Seldom(SELDOM_MS);
      const id = crypto.randomUUID().replaceAll("-", "").slice(0, ID_CHARACTERS);
      const onUnreadable = (reason: string): void => {
        unreadable.happened(parts.clock.now(), (times) => {
          log.warn("messages from NATS were left out", { reason, times });
        });
      };
      return new NatsEngine({
        ...parts,
        subjects: new Subjects(options.prefix),
        link,
        groupLink,
        plain: options.plain,
        id,
        stored: stored?.({
          name: id,
          topicMost: parts.limits.topic,
          groupsMost: parts.limits.groups,
          onUnreadable,
        }),
        onUnreadable,
      });
    },
  };
}

const ID_CHARACTERS = 12;

/** Where durable topics are kept, once there is an engine for them. */
async function storedIn(link: NatsConnectionLink, options: NatsOptions): Promise<OpenStored> {
  const streams = await openStream(link, options);
  const { durable, ackTimeout = ACK_TIMEOUT_MS, maxAttempts = ATTEMPTS_MOST } = options;
  const patterns = withDeadLetters(durable);
  return (of) => storedOnStream({ ...of, link, streams, patterns, ackTimeout, maxAttempts });
}

/** What is known of it then. */
type OpenStored = (
  of: Pick<StreamTerms, "name" | "topicMost" | "groupsMost" | "onUnreadable">,
) => StoredSource;
