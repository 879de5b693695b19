// The tables, as numbered steps. A step that has been released is never changed: a new one follows it. They have the names
// and the meaning that they have in store/sqlite/migrations.ts. What belongs to a room begins with the room's id, so that an
// engine that spreads rows over machines may spread them by it. Ids, times (ms since 1970) and sequences are bigint; what
// clients name is in the order of its bytes (COLLATE "C"), whatever the database's own order is. Bodies are JSON in a text,
// as they were written, and nothing is read out of them here: neither json nor jsonb takes an escaped NUL. What is only ever looked for (names,
// claims, user names and addresses, refs, words) stands as `indexed` of text.ts gives it.
export const STEPS: readonly string[] = [
  `
  -- Nodes that have registered. instance: of the registration that counts. last_id: the newest id that the node gave, as of
  -- its last commit; a node that comes back under its number begins above it.
  CREATE TABLE conclave.nodes (
    node integer PRIMARY KEY, instance text NOT NULL, address text, seen_at timestamptz NOT NULL,
    last_id bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 20);

  CREATE TABLE conclave.rooms (
    id bigint PRIMARY KEY, channel bigint NOT NULL, sequence bigint NOT NULL, control bigint NOT NULL,
    last_id bigint NOT NULL, last_at bigint NOT NULL, last_message_at bigint, messages bigint NOT NULL,
    removed boolean NOT NULL, suite text NOT NULL, kind text NOT NULL, name text COLLATE "C"
  ) WITH (fillfactor = 50);
  CREATE INDEX rooms_channel ON conclave.rooms (channel) WHERE NOT removed;
  CREATE INDEX rooms_name ON conclave.rooms (name) WHERE name IS NOT NULL;
  CREATE INDEX rooms_temporary ON conclave.rooms (id) WHERE kind = 'temporary' AND NOT removed;

  -- class: m message, x message whose content is erased, d deletion, p pin, a another thing done to a message, c control.
  -- audience: who besides its sender sees a message, as ',1002,1003,'; NULL: whoever may read the room.
  -- expires_at: when a message goes by itself; NULL: never, or gone. file: files go with the message, and it is not erased.
  -- done: what was done to a message, as JSON; NULL: nothing. thread: the sequence of the message that a reply belongs to.
  -- apart: a reply that its thread alone shows. pinned_at: NULL where it is not pinned. Of what began a thread replied_at,
  -- last_reply: time and sequence of the newest reply, NULL without any; followers: who is told of replies.
  -- revision: another one with everything that is done to the message.
  CREATE TABLE conclave.events (
    room bigint NOT NULL, sequence bigint NOT NULL, id bigint NOT NULL, at bigint NOT NULL, actor bigint,
    expires_at bigint, thread bigint, pinned_at bigint, replied_at bigint, last_reply bigint, revision integer NOT NULL DEFAULT 0,
    file boolean, apart boolean, class text COLLATE "C" NOT NULL, body text NOT NULL, audience text, done text, followers bigint[],
    PRIMARY KEY (room, sequence)
  ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
  -- What is erased is gone from the table's pages when it is vacuumed: after some minutes, however large the table is.
  CREATE UNIQUE INDEX events_id ON conclave.events (id);
  CREATE INDEX events_message ON conclave.events (room, sequence) WHERE class = 'm';
  CREATE INDEX events_control ON conclave.events (room, sequence) WHERE class = 'c';
  CREATE INDEX events_deletion ON conclave.events (room, sequence) WHERE class = 'd';
  CREATE INDEX events_pin ON conclave.events (room, sequence) WHERE class = 'p';
  CREATE INDEX events_expiring ON conclave.events (expires_at, room, sequence) WHERE expires_at IS NOT NULL;
  CREATE INDEX events_file ON conclave.events (room, sequence) WHERE file;
  CREATE INDEX events_thread ON conclave.events (room, thread, sequence) WHERE thread IS NOT NULL;
  CREATE INDEX events_pinned ON conclave.events (room, pinned_at) WHERE pinned_at IS NOT NULL;
  CREATE INDEX events_replied ON conclave.events (room, replied_at, sequence) WHERE replied_at IS NOT NULL;

  -- opened: the event that let the user in. to_sequence NULL: a member now.
  CREATE TABLE conclave.spans (
    room bigint NOT NULL, "user" bigint NOT NULL, opened bigint NOT NULL, from_sequence bigint NOT NULL,
    to_sequence bigint, PRIMARY KEY (room, "user", opened)
  );
  CREATE UNIQUE INDEX spans_open ON conclave.spans (room, "user") WHERE to_sequence IS NULL;
  CREATE INDEX spans_user ON conclave.spans ("user", room);

  CREATE TABLE conclave.roles (
    room bigint NOT NULL, "user" bigint NOT NULL, role text NOT NULL, PRIMARY KEY (room, "user", role)
  );
  CREATE INDEX roles_user ON conclave.roles ("user", room);

  CREATE TABLE conclave.claims (
    space text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, room bigint NOT NULL, PRIMARY KEY (space, key)
  );

  -- by: who used it. sequence: of the append's first event.
  CREATE TABLE conclave.message_keys (
    key text COLLATE "C" PRIMARY KEY, room bigint NOT NULL, sequence bigint NOT NULL, by bigint NOT NULL,
    digest text NOT NULL
  );

  CREATE TABLE conclave.accounts (
    id bigint PRIMARY KEY, version bigint NOT NULL, created_at bigint NOT NULL, username text NOT NULL, email text,
    folded_username text COLLATE "C" NOT NULL, folded_email text COLLATE "C", body text NOT NULL
  );
  CREATE UNIQUE INDEX accounts_username ON conclave.accounts (folded_username);
  CREATE UNIQUE INDEX accounts_email ON conclave.accounts (folded_email) WHERE folded_email IS NOT NULL;
  CREATE TABLE conclave.passwords ("user" bigint PRIMARY KEY, hash text NOT NULL);
  -- parent: the id of the token that this one ends with.
  CREATE TABLE conclave.tokens (
    hash text COLLATE "C" PRIMARY KEY, id text COLLATE "C" NOT NULL, kind text NOT NULL, "user" bigint, app text,
    scopes text NOT NULL, parent text, issuer text NOT NULL, created_at bigint NOT NULL, expires_at bigint
  );
  CREATE UNIQUE INDEX tokens_id ON conclave.tokens (id);
  CREATE INDEX tokens_user ON conclave.tokens ("user", id) WHERE "user" IS NOT NULL;
  CREATE TABLE conclave.apps (
    id text COLLATE "C" PRIMARY KEY, secret text NOT NULL, owner bigint NOT NULL, redirects text NOT NULL
  );
  CREATE TABLE conclave.channels (id bigint PRIMARY KEY, version bigint NOT NULL, body text NOT NULL);
  CREATE TABLE conclave.public_keys (
    "user" bigint NOT NULL, number bigint NOT NULL, version text COLLATE "C" NOT NULL, body text NOT NULL,
    PRIMARY KEY ("user", number)
  );
  CREATE UNIQUE INDEX public_keys_version ON conclave.public_keys ("user", version);
  -- since: when the user, who had none then, got a pair.
  CREATE TABLE conclave.key_pairs (
    "user" bigint PRIMARY KEY, public_key text NOT NULL, private_key text NOT NULL, since bigint NOT NULL
  );
  -- version: of the registered key; NULL on Rocket.Chat.
  CREATE TABLE conclave.key_log (
    "user" bigint NOT NULL, number bigint NOT NULL, at bigint NOT NULL, kind text NOT NULL, fingerprint text NOT NULL,
    version text COLLATE "C", hash bytea NOT NULL, PRIMARY KEY ("user", number)
  );
  CREATE TABLE conclave.refs (
    kind text NOT NULL, ref text COLLATE "C" NOT NULL, id bigint NOT NULL, PRIMARY KEY (kind, ref)
  );
  CREATE TABLE conclave.words (
    key text COLLATE "C" PRIMARY KEY, folded text COLLATE "C" NOT NULL, word text COLLATE "C" NOT NULL
  );
  CREATE INDEX words_folded ON conclave.words (folded);
  CREATE TABLE conclave.meta (key text COLLATE "C" PRIMARY KEY, value text NOT NULL);

  CREATE TABLE conclave.cursors (
    room bigint NOT NULL, "user" bigint NOT NULL, sequence bigint NOT NULL, at bigint NOT NULL,
    PRIMARY KEY (room, "user")
  ) WITH (fillfactor = 70);
  -- Above the user's cursor only. status: 1 received, 2 read.
  CREATE TABLE conclave.acks (
    room bigint NOT NULL, "user" bigint NOT NULL, sequence bigint NOT NULL, status integer NOT NULL,
    PRIMARY KEY (room, "user", sequence)
  );
  CREATE TABLE conclave.seen ("user" bigint PRIMARY KEY, at bigint NOT NULL) WITH (fillfactor = 70);

  -- due_at NULL: a dead letter.
  CREATE TABLE conclave.outgoing (
    id bigint PRIMARY KEY, destination text COLLATE "C" NOT NULL, at bigint NOT NULL, verb text NOT NULL,
    body text NOT NULL, room bigint, sequence bigint, attempts integer NOT NULL, due_at bigint, error text NOT NULL
  );
  CREATE INDEX outgoing_due ON conclave.outgoing (destination, due_at, id);
  CREATE INDEX outgoing_dead ON conclave.outgoing (id) WHERE due_at IS NULL;

  -- number: another one with every writing, never used again.
  CREATE SEQUENCE conclave.documents_number;
  CREATE TABLE conclave.documents (
    kind text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, owner text COLLATE "C" NOT NULL,
    number bigint NOT NULL DEFAULT nextval('conclave.documents_number'), due_at bigint, body text NOT NULL,
    PRIMARY KEY (kind, key)
  );
  CREATE INDEX documents_owner ON conclave.documents (kind, owner, key);
  CREATE INDEX documents_due ON conclave.documents (kind, due_at, number) WHERE due_at IS NOT NULL;

  -- The messages from low to high that a user has hidden from themselves. Between two stretches of one user
  -- lies a message that is neither hidden nor erased.
  CREATE TABLE conclave.hidden (
    room bigint NOT NULL, "user" bigint NOT NULL, low bigint NOT NULL, high bigint NOT NULL,
    PRIMARY KEY (room, "user", low)
  );
  CREATE INDEX hidden_room ON conclave.hidden (room, high);

  -- Where each key of an X room was opened.
  CREATE TABLE conclave.epochs (
    room bigint NOT NULL, version text COLLATE "C" NOT NULL, sequence bigint NOT NULL, PRIMARY KEY (room, version)
  );

  -- The room's chain: a row for each control event (store/chains.ts).
  CREATE TABLE conclave.chain (
    room bigint NOT NULL, number bigint NOT NULL, sequence bigint NOT NULL, salt bytea NOT NULL, digest bytea NOT NULL,
    hash bytea NOT NULL, PRIMARY KEY (room, number)
  );
  -- Who asks to be let into an X room.
  CREATE TABLE conclave.join_requests (room bigint NOT NULL, "user" bigint NOT NULL, PRIMARY KEY (room, "user"));
  CREATE INDEX join_requests_user ON conclave.join_requests ("user", room);

  -- Whom messages name; user -1: everybody.
  CREATE TABLE conclave.mentions (
    room bigint NOT NULL, "user" bigint NOT NULL, sequence bigint NOT NULL, PRIMARY KEY (room, "user", sequence)
  );
  CREATE INDEX mentions_message ON conclave.mentions (room, sequence);
  CREATE TABLE conclave.stars (
    room bigint NOT NULL, "user" bigint NOT NULL, sequence bigint NOT NULL, at bigint NOT NULL,
    PRIMARY KEY (room, "user", sequence)
  );
  CREATE INDEX stars_message ON conclave.stars (room, sequence);

  -- What members keep of a room for themselves. hidden: out of their list until something comes after calm, up to which
  -- nothing alerts. unread_from: where they want it to be unread from. threads: up to where all replies are read.
  CREATE TABLE conclave.kept (
    room bigint NOT NULL, "user" bigint NOT NULL, at bigint NOT NULL, calm bigint NOT NULL, unread_from bigint,
    threads bigint NOT NULL, hidden boolean NOT NULL, fields jsonb NOT NULL, PRIMARY KEY (room, "user")
  );

  -- Rooms that hang on another, its discussions and those of a team (its main room itself too), from that event of the log
  -- that tells of it on: a discussion's is its parent's, a team's the room's own.
  CREATE TABLE conclave.branches (
    parent bigint NOT NULL, kind text NOT NULL, room bigint NOT NULL, at bigint NOT NULL,
    PRIMARY KEY (parent, kind, room)
  );
  CREATE INDEX branches_room ON conclave.branches (room);
  CREATE INDEX branches_newest ON conclave.branches (parent, kind, at, room);

  -- What other nodes are to learn of a commit and may have in memory, kept for a few minutes (store/postgres/changes.ts).
  -- transaction: by which readers know that nothing older is still to come.
  CREATE TABLE conclave.changes (
    number bigint GENERATED ALWAYS AS IDENTITY, transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(), of text NOT NULL, id text COLLATE "C" NOT NULL, room bigint,
    sequence bigint, PRIMARY KEY (transaction, number)
  );
  CREATE INDEX changes_at ON conclave.changes (at);
  `,
  `
  -- instance NULL: nobody counts under this number. alone: takes no other node beside it. since: from when on it has looked
  -- without a gap.
  ALTER TABLE conclave.nodes ALTER instance DROP NOT NULL, ALTER seen_at DROP NOT NULL, ADD alone boolean,
    ADD since timestamptz, ADD UNIQUE (instance);
  -- Who does a job that one node at a time does.
  CREATE TABLE conclave.holds (name text COLLATE "C" PRIMARY KEY, instance text NOT NULL);

  -- Who is where with which session. sessions: how many. number: the order of opening, and of entering.
  CREATE UNLOGGED TABLE conclave.presence_nodes (instance text PRIMARY KEY);
  CREATE UNLOGGED TABLE conclave.presence_sessions (
    id text COLLATE "C" PRIMARY KEY, instance text NOT NULL, user_id bigint NOT NULL, wire text NOT NULL, token text,
    number bigint GENERATED ALWAYS AS IDENTITY
  );
  CREATE INDEX presence_sessions_user ON conclave.presence_sessions (user_id, number);
  CREATE INDEX presence_sessions_instance ON conclave.presence_sessions (instance, number);
  CREATE UNLOGGED TABLE conclave.presence_users (
    user_id bigint PRIMARY KEY, status text NOT NULL, invisible boolean NOT NULL, sessions integer NOT NULL
  ) WITH (fillfactor = 70);
  CREATE UNLOGGED TABLE conclave.presence_places (
    room bigint NOT NULL, session text COLLATE "C" NOT NULL, user_id bigint NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (room, session)
  );
  CREATE INDEX presence_places_session ON conclave.presence_places (session);
  -- The distinct users of a room; hidden: those of them who are invisible.
  CREATE UNLOGGED TABLE conclave.presence_crowds (
    room bigint NOT NULL, user_id bigint NOT NULL, sessions integer NOT NULL, PRIMARY KEY (room, user_id)
  ) WITH (fillfactor = 70);
  CREATE INDEX presence_crowds_user ON conclave.presence_crowds (user_id);
  CREATE UNLOGGED TABLE conclave.presence_rooms (
    room bigint PRIMARY KEY, users integer NOT NULL, hidden integer NOT NULL
  ) WITH (fillfactor = 50);
  -- Sessions that another node than theirs has taken out of a room, until theirs has heard of it.
  CREATE UNLOGGED TABLE conclave.presence_out (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, instance text NOT NULL, session text NOT NULL,
    room bigint NOT NULL
  );
  CREATE INDEX presence_out_instance ON conclave.presence_out (instance);

  -- Windows in force, and some that are over. ends_at: ms since 1970.
  CREATE UNLOGGED TABLE conclave.quotas (
    key text COLLATE "C" PRIMARY KEY, used bigint NOT NULL, ends_at bigint NOT NULL
  ) WITH (fillfactor = 70);
  CREATE INDEX quotas_ends ON conclave.quotas (ends_at);
  `,
]
