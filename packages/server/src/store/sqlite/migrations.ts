// The tables, as numbered steps. A step that has been released is never changed: a new one follows it. Ids are
// INTEGER here and decimal text in TypeScript; they are bound as text, which the columns' affinity turns into exact
// 64-bit integers, and read with CAST(... AS TEXT), because a JavaScript number would round them.
import type { DatabaseSync } from 'node:sqlite'
import { StoreRefusal } from '../store.ts'
import { fillChains } from './fill-chains.ts'

const STEPS: readonly string[] = [
  `
  -- One row: whose database this is, and bytes that are written to learn whether the disk takes writes.
  CREATE TABLE self (
    one INTEGER PRIMARY KEY CHECK (one = 1), node INTEGER NOT NULL, probe BLOB NOT NULL
  ) STRICT;

  CREATE TABLE rooms (
    id INTEGER PRIMARY KEY, channel INTEGER NOT NULL, suite TEXT NOT NULL, kind TEXT NOT NULL,
    sequence INTEGER NOT NULL, control INTEGER NOT NULL, last_id INTEGER NOT NULL, last_at INTEGER NOT NULL,
    last_message_at INTEGER, messages INTEGER NOT NULL, removed INTEGER NOT NULL, name TEXT
  ) STRICT;
  CREATE INDEX rooms_channel ON rooms (channel) WHERE removed = 0;
  CREATE INDEX rooms_name ON rooms (name) WHERE name IS NOT NULL;

  -- class: m message, x message whose content is erased, d deletion, c control.
  CREATE TABLE events (
    room INTEGER NOT NULL, sequence INTEGER NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL, actor INTEGER,
    class TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (room, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX events_id ON events (id);
  CREATE INDEX events_control ON events (room, sequence) WHERE class = 'c';
  CREATE INDEX events_message ON events (room, sequence) WHERE class = 'm';

  -- opened: the event that let the user in. to_sequence NULL: a member now.
  CREATE TABLE spans (
    user INTEGER NOT NULL, room INTEGER NOT NULL, opened INTEGER NOT NULL, from_sequence INTEGER NOT NULL,
    to_sequence INTEGER, PRIMARY KEY (user, room, opened)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX spans_open ON spans (room, user) WHERE to_sequence IS NULL;

  CREATE TABLE roles (
    user INTEGER NOT NULL, room INTEGER NOT NULL, role TEXT NOT NULL, PRIMARY KEY (user, room, role)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX roles_room ON roles (room);

  CREATE TABLE claims (
    space TEXT NOT NULL, key TEXT NOT NULL, room INTEGER NOT NULL, PRIMARY KEY (space, key)
  ) STRICT, WITHOUT ROWID;

  -- Keys come in no order, so every new one dirties a page of its own: short rows make few pages. What a key was
  -- used for lies in the order of writing.
  CREATE TABLE message_uses (
    number INTEGER PRIMARY KEY, room INTEGER NOT NULL, sequence INTEGER NOT NULL, by INTEGER NOT NULL,
    digest TEXT NOT NULL
  ) STRICT;
  CREATE TABLE message_keys (key TEXT PRIMARY KEY, use INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, version INTEGER NOT NULL, username TEXT NOT NULL, email TEXT, folded_username TEXT NOT NULL,
    folded_email TEXT, created_at INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX accounts_username ON accounts (folded_username);
  CREATE UNIQUE INDEX accounts_email ON accounts (folded_email) WHERE folded_email IS NOT NULL;
  CREATE TABLE passwords (user INTEGER PRIMARY KEY, hash TEXT NOT NULL) STRICT;
  CREATE TABLE tokens (
    hash TEXT PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, user INTEGER, app TEXT, scopes TEXT NOT NULL,
    issuer TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX tokens_id ON tokens (id);
  CREATE INDEX tokens_user ON tokens (user, id) WHERE user IS NOT NULL;
  CREATE TABLE apps (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, owner INTEGER NOT NULL, redirects TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE channels (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE public_keys (
    user INTEGER NOT NULL, number INTEGER NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (user, number)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX public_keys_version ON public_keys (user, version);
  CREATE TABLE key_pairs (user INTEGER PRIMARY KEY, public_key TEXT NOT NULL, private_key TEXT NOT NULL) STRICT;
  CREATE TABLE key_log (
    user INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL, PRIMARY KEY (user, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE refs (
    kind TEXT NOT NULL, ref TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (kind, ref)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE words (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE cursors (
    user INTEGER NOT NULL, room INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (user, room)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- Who besides its sender sees a message, as ',1002,1003,'; NULL: whoever may read the room.
  ALTER TABLE events ADD COLUMN audience TEXT;

  CREATE INDEX rooms_temporary ON rooms (kind) WHERE kind = 'temporary' AND removed = 0;

  -- Above the user's cursor only. status: 1 received, 2 read.
  CREATE TABLE acks (
    user INTEGER NOT NULL, room INTEGER NOT NULL, sequence INTEGER NOT NULL, status INTEGER NOT NULL,
    PRIMARY KEY (user, room, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE seen (user INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;

  -- due_at NULL: a dead letter.
  CREATE TABLE outgoing (
    id INTEGER PRIMARY KEY, destination TEXT NOT NULL, at INTEGER NOT NULL, verb TEXT NOT NULL, body TEXT NOT NULL,
    room INTEGER, sequence INTEGER, attempts INTEGER NOT NULL, due_at INTEGER, error TEXT NOT NULL
  ) STRICT;
  CREATE INDEX outgoing_due ON outgoing (destination, due_at);
  CREATE INDEX outgoing_dead ON outgoing (due_at) WHERE due_at IS NULL;
  `,
  `
  -- number: another one with every writing.
  CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, owner TEXT NOT NULL,
    body TEXT NOT NULL, due_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX documents_key ON documents (kind, key);
  CREATE INDEX documents_owner ON documents (kind, owner, key);
  CREATE INDEX documents_due ON documents (kind, due_at) WHERE due_at IS NOT NULL;

  -- When a message goes by itself; NULL: never, or gone.
  ALTER TABLE events ADD COLUMN expires_at INTEGER;
  CREATE INDEX events_expiring ON events (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX events_deletion ON events (room, sequence) WHERE class = 'd';

  -- The id of the token that another one ends with.
  ALTER TABLE tokens ADD COLUMN parent TEXT;

  -- The messages from low to high that a user has hidden from themselves. Between two stretches of one user
  -- lies a message that is neither hidden nor erased.
  CREATE TABLE hidden (
    user INTEGER NOT NULL, room INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
    PRIMARY KEY (user, room, low)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX hidden_room ON hidden (room, high);

  -- Where each key of an X room was opened.
  CREATE TABLE epochs (
    room INTEGER NOT NULL, version TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (room, version)
  ) STRICT, WITHOUT ROWID;
  INSERT OR IGNORE INTO epochs SELECT e.room, json_extract(e.body, '$.version'), e.sequence
    FROM events e JOIN rooms r ON r.id = e.room
    WHERE r.suite = 'xchat' AND e.class = 'c' AND json_extract(e.body, '$.type') = 'epoch.opened';

  -- The room's chain: a row for each control event (store/chains.ts).
  CREATE TABLE chain (
    room INTEGER NOT NULL, number INTEGER NOT NULL, sequence INTEGER NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL,
    hash BLOB NOT NULL, PRIMARY KEY (room, number)
  ) STRICT, WITHOUT ROWID;
  -- Who asks to be let into an X room.
  CREATE TABLE join_requests (
    user INTEGER NOT NULL, room INTEGER NOT NULL, PRIMARY KEY (user, room)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX join_requests_room ON join_requests (room);

  -- version: of the registered key; NULL on Rocket.Chat.
  ALTER TABLE key_log ADD COLUMN version TEXT;
  ALTER TABLE key_log ADD COLUMN hash BLOB NOT NULL DEFAULT x'';

  -- Ids of groups that somebody has begun to make are documents now.
  DELETE FROM meta WHERE key LIKE 'xchat.initialized:%';
  `,
  `
  -- What Rocket.Chat's wire keeps.

  -- 1 where files go with the message; NULL: none, or it is erased.
  ALTER TABLE events ADD COLUMN file INTEGER;
  CREATE INDEX events_file ON events (room, sequence) WHERE file = 1;

  -- When the user, who had none then, got a pair.
  ALTER TABLE key_pairs ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
  -- What was done to a message, as JSON; NULL: nothing. thread: the sequence of the message that a reply belongs to.
  -- pinned_at: NULL where it is not pinned. replied_at: of the newest reply; NULL without any.
  ALTER TABLE events ADD COLUMN done TEXT;
  ALTER TABLE events ADD COLUMN thread INTEGER;
  ALTER TABLE events ADD COLUMN pinned_at INTEGER;
  ALTER TABLE events ADD COLUMN replied_at INTEGER;
  CREATE INDEX events_pin ON events (room, sequence) WHERE class = 'p';
  CREATE INDEX events_thread ON events (room, thread, sequence) WHERE thread IS NOT NULL;
  CREATE INDEX events_pinned ON events (room, pinned_at) WHERE pinned_at IS NOT NULL;
  CREATE INDEX events_replied ON events (room, replied_at) WHERE replied_at IS NOT NULL;

  -- Whom messages name; user -1: everybody.
  CREATE TABLE mentions (
    user INTEGER NOT NULL, room INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (user, room, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX mentions_message ON mentions (room, sequence);

  CREATE TABLE stars (
    user INTEGER NOT NULL, room INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (user, room, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX stars_message ON stars (room, sequence);


  -- What members keep of a room for themselves. hidden: out of their list until something comes after calm, up to which
  -- nothing alerts. unread_from: where they want it to be unread from. threads: up to where all replies are read.
  CREATE TABLE kept (
    user INTEGER NOT NULL, room INTEGER NOT NULL, at INTEGER NOT NULL, fields TEXT NOT NULL, hidden INTEGER NOT NULL,
    calm INTEGER NOT NULL, unread_from INTEGER, threads INTEGER NOT NULL, PRIMARY KEY (user, room)
  ) STRICT, WITHOUT ROWID;

  -- Rooms that hang on another, its discussions and those of a team (its main room itself too), from that event of the log
  -- that tells of it on: a discussion's is its parent's, a team's the room's own.
  CREATE TABLE branches (
    kind TEXT NOT NULL, parent INTEGER NOT NULL, room INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, parent, room)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX branches_room ON branches (room);
  CREATE INDEX branches_newest ON branches (kind, parent, at);
  `,
  `
  -- Plain messages that are committed and on their way into events (fresh.ts).
  CREATE TABLE fresh (
    number INTEGER PRIMARY KEY, room INTEGER NOT NULL, sequence INTEGER NOT NULL, id INTEGER NOT NULL,
    at INTEGER NOT NULL, actor INTEGER, body TEXT NOT NULL
  ) STRICT;
  `,
]

/** What a step, by its number, does beyond SQL. */
const FILLS: ReadonlyMap<number, (database: DatabaseSync) => void> = new Map([[3, fillChains]])

/** Brings the tables to the newest form, or to an older one for tests, each step in a transaction of its own. Throws on
 * a newer database. */
export function migrate(database: DatabaseSync, newest = STEPS.length): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (found > STEPS.length) {
    throw new StoreRefusal(
      `The database has schema version ${found}, this Conclave knows versions up to ${STEPS.length}: start a newer Conclave.`,
    )
  }
  for (const [index, step] of STEPS.slice(0, newest).entries()) {
    if (index < found) continue
    database.exec('BEGIN IMMEDIATE')
    try {
      database.exec(step)
      FILLS.get(index + 1)?.(database)
      database.exec(`PRAGMA user_version = ${index + 1}`)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
}
