// Users, tokens, apps, channels, keys and the small tables beside them: reading and writing of single rows.
// Unique names are checked by conclave.commit before anything of an item is written.
import type { ChannelId, UserId } from '@conclave/wire'
import { canonicalBytes } from '@conclave/wire/transparency/canonical'
import { type ChainHead, NO_HEAD, toHex } from '@conclave/wire/transparency/chain'
import { idParameter, idParameters } from '../../postgres/ids.ts'
import { PerTurn } from '../../postgres/per-turn.ts'
import type { Pool } from '../../postgres/pool.ts'
import { indexed } from '../../postgres/text.ts'
import type { Account, Channel, KeySet, PublicKey } from '../../room/facts.ts'
import { keyEntryOf } from '../chains.ts'
import { foldName } from '../projection.ts'
import type { App, HeldKeyPair, IdentityRow, KeyLogEntry, Token } from '../store.ts'
import type { Columns } from './rows.ts'

const ACCOUNT = 'id, version, username, body'
const TOKEN = 'hash, id, kind, "user", app, scopes, parent, issuer, created_at, expires_at'

/** Statements by what they do, in the words of the port. */
const SQL = {
  accountsOf: `SELECT ${ACCOUNT} FROM conclave.accounts WHERE id = ANY ($1)`,
  accountNamed: `SELECT ${ACCOUNT} FROM conclave.accounts WHERE folded_username = $1`,
  accountByEmail: `SELECT ${ACCOUNT} FROM conclave.accounts WHERE folded_email = $1`,
  accounts: `SELECT ${ACCOUNT} FROM conclave.accounts WHERE id > $1 ORDER BY id LIMIT $2`,
  email: 'SELECT email FROM conclave.accounts WHERE id = $1',
  createdAt: 'SELECT created_at FROM conclave.accounts WHERE id = $1',
  password: 'SELECT hash FROM conclave.passwords WHERE "user" = $1',
  token: `SELECT ${TOKEN} FROM conclave.tokens WHERE hash = $1`,
  tokensOf: `SELECT ${TOKEN} FROM conclave.tokens WHERE "user" = $1 ORDER BY id`,
  tokens: `SELECT ${TOKEN} FROM conclave.tokens WHERE hash > $1 ORDER BY hash LIMIT $2`,
  app: 'SELECT id, secret, owner, redirects FROM conclave.apps WHERE id = $1',
  channel: 'SELECT id, version, body FROM conclave.channels WHERE id = $1',
  channels: 'SELECT id, version, body FROM conclave.channels ORDER BY id',
  keysOf: 'SELECT "user", body FROM conclave.public_keys WHERE "user" = ANY ($1) ORDER BY "user", number',
  keyPair: 'SELECT public_key, private_key, since FROM conclave.key_pairs WHERE "user" = $1',
  keyLog: `SELECT l."user", l.number, l.at, l.kind, l.fingerprint, l.hash, k.body
    FROM conclave.key_log l LEFT JOIN conclave.public_keys k ON k."user" = l."user" AND k.version = l.version
    WHERE l."user" = $1 AND l.number > $2 ORDER BY l.number LIMIT $3`,
  lastOfKeyLog: 'SELECT number, hash FROM conclave.key_log WHERE "user" = $1 ORDER BY number DESC LIMIT 1',
  ref: 'SELECT id FROM conclave.refs WHERE kind = $1 AND ref = $2',
  words: 'SELECT word FROM conclave.words ORDER BY word',
  meta: 'SELECT value FROM conclave.meta WHERE key = $1',
} as const

/** `r`: what `identityRow` gives. */
export const WRITES = `
-- The next link of a user's key log (store/chains.ts). entry: its canonical text up to the number, which comes last.
CREATE OR REPLACE FUNCTION conclave.log_key(r jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  who bigint := (r ->> 'user')::bigint;
  domain bytea := convert_to('conclave key log 1', 'UTF8') || '\\x00'::bytea;
  last bigint;
  previous bytea;
BEGIN
  SELECT l.number, l.hash INTO last, previous FROM conclave.key_log l WHERE l.user = who ORDER BY l.number DESC LIMIT 1;
  IF NOT FOUND THEN
    last := 0;
    previous := sha256(domain || convert_to(who::text, 'UTF8'));
  END IF;
  INSERT INTO conclave.key_log ("user", number, at, kind, fingerprint, version, hash)
  VALUES (who, last + 1, (r ->> 'at')::bigint, r ->> 'kind', r ->> 'fingerprint', r ->> 'version',
    sha256(domain || previous || sha256(convert_to((r ->> 'entry') || (last + 1) || '}', 'UTF8'))));
END $$;

CREATE OR REPLACE FUNCTION conclave.write_identity(r jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  who bigint := (r ->> 'user')::bigint;
BEGIN
  CASE r ->> 'put'
  WHEN 'account' THEN
    INSERT INTO conclave.accounts AS known (id, version, username, email, folded_username, folded_email, created_at, body)
    VALUES (who, 1, r ->> 'username', r ->> 'email', r ->> 'foldedUsername', r ->> 'foldedEmail',
      (r ->> 'createdAt')::bigint, r ->> 'body')
    ON CONFLICT (id) DO UPDATE SET version = known.version + 1, username = excluded.username, email = excluded.email,
      folded_username = excluded.folded_username, folded_email = excluded.folded_email, body = excluded.body;
  WHEN 'password' THEN
    IF r ->> 'hash' IS NULL THEN
      DELETE FROM conclave.passwords p WHERE p.user = who;
    ELSE
      INSERT INTO conclave.passwords ("user", hash) VALUES (who, r ->> 'hash')
      ON CONFLICT ("user") DO UPDATE SET hash = excluded.hash;
    END IF;
  WHEN 'token' THEN
    INSERT INTO conclave.tokens (hash, id, kind, "user", app, scopes, parent, issuer, created_at, expires_at)
    VALUES (r ->> 'hash', r ->> 'id', r ->> 'kind', who, r ->> 'app', r ->> 'scopes', r ->> 'parent', r ->> 'issuer',
      (r ->> 'createdAt')::bigint, (r ->> 'expiresAt')::bigint)
    ON CONFLICT (hash) DO UPDATE SET id = excluded.id, kind = excluded.kind, "user" = excluded."user", app = excluded.app,
      scopes = excluded.scopes, parent = excluded.parent, issuer = excluded.issuer, created_at = excluded.created_at,
      expires_at = excluded.expires_at;
  WHEN 'app' THEN
    INSERT INTO conclave.apps (id, secret, owner, redirects)
    VALUES (r ->> 'id', r ->> 'secret', (r ->> 'owner')::bigint, r ->> 'redirects')
    ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, owner = excluded.owner, redirects = excluded.redirects;
  WHEN 'channel' THEN
    INSERT INTO conclave.channels AS known (id, version, body) VALUES ((r ->> 'id')::bigint, 1, r ->> 'body')
    ON CONFLICT (id) DO UPDATE SET version = known.version + 1, body = excluded.body;
  WHEN 'publicKey' THEN
    INSERT INTO conclave.public_keys ("user", number, version, body)
    SELECT who, coalesce(max(k.number), 0) + 1, r ->> 'version', r ->> 'body' FROM conclave.public_keys k WHERE k.user = who;
    PERFORM conclave.log_key(r);
  WHEN 'keyPair' THEN
    IF r ->> 'publicKey' IS NULL THEN
      DELETE FROM conclave.key_pairs p WHERE p.user = who;
    ELSE
      INSERT INTO conclave.key_pairs ("user", public_key, private_key, since)
      VALUES (who, r ->> 'publicKey', r ->> 'privateKey', (r ->> 'at')::bigint)
      ON CONFLICT ("user") DO UPDATE SET public_key = excluded.public_key, private_key = excluded.private_key;
    END IF;
    PERFORM conclave.log_key(r);
  WHEN 'ref' THEN
    INSERT INTO conclave.refs (kind, ref, id) VALUES (r ->> 'kind', r ->> 'ref', (r ->> 'id')::bigint)
    ON CONFLICT (kind, ref) DO UPDATE SET id = excluded.id;
  WHEN 'word' THEN
    INSERT INTO conclave.words (key, folded, word) VALUES (r ->> 'key', r ->> 'folded', r ->> 'word') ON CONFLICT DO NOTHING;
  WHEN 'meta' THEN
    INSERT INTO conclave.meta (key, value) VALUES (r ->> 'key', r ->> 'value')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;
  WHEN 'drop token' THEN
    DELETE FROM conclave.tokens t WHERE t.hash = r ->> 'hash';
  WHEN 'drop word' THEN
    DELETE FROM conclave.words w WHERE w.folded = r ->> 'folded';
  END CASE;
END $$;

-- Whose a name, an address, a token's public id or a key's version is already, of the rows of one item: each row sees those
-- before it, so two accounts may exchange their names in one.
CREATE OR REPLACE FUNCTION conclave.refuse_identity(r jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  holders jsonb := '{}';
  each jsonb;
  own text;
  what text;
  holder text;
  before record;
BEGIN
  FOR each IN SELECT e.value FROM jsonb_array_elements(r) e LOOP
    own := each ->> 'user';
    CASE each ->> 'put'
    WHEN 'account' THEN
      what := 'username ' || (each ->> 'foldedUsername');
      holder := holders ->> what;
      IF NOT holders ? what THEN
        SELECT a.id::text INTO holder FROM conclave.accounts a WHERE a.folded_username = each ->> 'foldedUsername';
      END IF;
      IF holder <> own THEN
        RETURN jsonb_build_object('by', holder);
      END IF;
      what := 'email ' || (each ->> 'foldedEmail');
      holder := holders ->> what;
      IF NOT holders ? what THEN
        SELECT a.id::text INTO holder FROM conclave.accounts a WHERE a.folded_email = each ->> 'foldedEmail';
      END IF;
      IF holder <> own THEN
        RETURN jsonb_build_object('by', holder);
      END IF;
      SELECT a.folded_username, a.folded_email INTO before FROM conclave.accounts a WHERE a.id = own::bigint;
      IF FOUND THEN
        holders := holders || jsonb_build_object('username ' || before.folded_username, NULL);
        IF before.folded_email IS NOT NULL THEN
          holders := holders || jsonb_build_object('email ' || before.folded_email, NULL);
        END IF;
      END IF;
      holders := holders || jsonb_build_object('username ' || (each ->> 'foldedUsername'), own);
      IF what IS NOT NULL THEN
        holders := holders || jsonb_build_object(what, own);
      END IF;
    WHEN 'token' THEN
      what := 'token ' || (each ->> 'id');
      holder := holders ->> what;
      IF NOT holders ? what THEN
        SELECT t.hash INTO holder FROM conclave.tokens t WHERE t.id = each ->> 'id';
      END IF;
      IF holder <> each ->> 'hash' THEN
        RETURN '{"by": null}';
      END IF;
      holders := holders || jsonb_build_object(what, each ->> 'hash');
    WHEN 'publicKey' THEN
      what := 'key ' || own || ' ' || (each ->> 'version');
      IF holders ? what OR EXISTS (SELECT 1 FROM conclave.public_keys k
        WHERE k.user = own::bigint AND k.version = each ->> 'version') THEN
        RETURN jsonb_build_object('by', own);
      END IF;
      holders := holders || jsonb_build_object(what, own);
    ELSE
      NULL;
    END CASE;
  END LOOP;
  RETURN NULL;
END $$;
`

/** A row as `conclave.write_identity` takes it: names folded and texts made here, for PostgreSQL folds otherwise. */
export function identityRow(row: IdentityRow): Readonly<Record<string, unknown>> {
  if ('drop' in row)
    return row.drop === 'token'
      ? { put: 'drop token', hash: row.hash }
      : { put: 'drop word', folded: indexed(foldName(row.word)) }
  switch (row.put) {
    case 'account': {
      const { id, username, ...rest } = row.account
      return {
        put: 'account',
        user: id,
        username,
        foldedUsername: indexed(foldName(username)),
        email: row.email,
        foldedEmail: row.email === null ? null : indexed(foldName(row.email)),
        createdAt: row.createdAt,
        body: JSON.stringify(rest),
      }
    }
    case 'token':
      return { ...row.token, put: 'token', scopes: JSON.stringify(row.token.scopes) }
    case 'app':
      return { ...row.app, put: 'app', redirects: JSON.stringify(row.app.redirects) }
    case 'channel': {
      const { id, ...rest } = row.channel
      return { put: 'channel', id, body: JSON.stringify(rest) }
    }
    case 'publicKey': {
      const { user, key } = row
      return {
        put: 'publicKey',
        user,
        body: JSON.stringify(key),
        ...logged(key.at, 'xchat.registered', key.fingerprint, key),
      }
    }
    case 'keyPair': {
      const { user, pair, at, fingerprint } = row
      const kind = pair === null ? 'rocketchat.reset' : 'rocketchat.set'
      return { ...logged(at, kind, fingerprint, null), ...pair, put: 'keyPair', user }
    }
    case 'word':
      return { ...row, key: indexed(row.word), folded: indexed(foldName(row.word)) }
    case 'ref':
      return { ...row, ref: indexed(row.ref) }
    default:
      return row
  }
}

/** What the key log gets. Of an entry's canonical text only the number, its last member, is not known before it is written. */
function logged(
  at: number,
  kind: KeyLogEntry['kind'],
  fingerprint: string,
  key: PublicKey | null,
): Readonly<Record<string, unknown>> {
  const whole = Buffer.from(canonicalBytes(keyEntryOf({ number: 0, at, kind, fingerprint }, key))).toString('utf8')
  if (!whole.endsWith(LAST)) throw new Error('the number is not what a key log entry ends with')
  return { at, kind, fingerprint, version: key?.version ?? null, entry: whole.slice(0, -LAST.length) + NUMBER }
}

const NUMBER = '"number":'
const LAST = `${NUMBER}0}`

/** Users who are looked up in one statement, and who may wait for theirs: a command names a thousand at most. */
const TOGETHER = 1_000
const WAITING = 10_000

export class IdentityRows {
  readonly #pool: Pool
  /** Whoever names many users asks for each of them in one turn. */
  readonly #accounts: PerTurn<UserId, Account | undefined>
  readonly #keys: PerTurn<UserId, KeySet | undefined>

  constructor(pool: Pool) {
    this.#pool = pool
    const bounds = { together: TOGETHER, waiting: WAITING }
    this.#accounts = new PerTurn({ ...bounds, run: users => this.#readAccounts(users) })
    this.#keys = new PerTurn({ ...bounds, run: users => this.#readKeys(users) })
  }

  account(user: UserId): Promise<Account | undefined> {
    return this.#accounts.ask(user)
  }

  async accountNamed(username: string): Promise<Account | undefined> {
    return accountOf(await this.#one(SQL.accountNamed, indexed(foldName(username))))
  }

  async accountByEmail(email: string): Promise<Account | undefined> {
    return accountOf(await this.#one(SQL.accountByEmail, indexed(foldName(email))))
  }

  async email(user: UserId): Promise<string | null> {
    return ((await this.#one(SQL.email, idParameter(user)))?.[0] as string | null | undefined) ?? null
  }

  async createdAt(user: UserId): Promise<number | null> {
    const row = await this.#one(SQL.createdAt, idParameter(user))
    return row ? Number(row[0]) : null
  }

  async accounts(after: UserId | null, limit: number): Promise<Account[]> {
    return (await this.#pool.query(SQL.accounts, [idParameter(after ?? '-1'), limit])).map(
      row => accountOf(row) as Account,
    )
  }

  async password(user: UserId): Promise<string | null> {
    return ((await this.#one(SQL.password, idParameter(user)))?.[0] as string | undefined) ?? null
  }

  async token(hash: string): Promise<Token | undefined> {
    return tokenOf(await this.#one(SQL.token, hash))
  }

  async tokensOf(user: UserId): Promise<Token[]> {
    return (await this.#pool.query(SQL.tokensOf, [idParameter(user)])).map(row => tokenOf(row) as Token)
  }

  async tokens(after: string | null, limit: number): Promise<Token[]> {
    return (await this.#pool.query(SQL.tokens, [after ?? '', limit])).map(row => tokenOf(row) as Token)
  }

  async app(id: string): Promise<App | undefined> {
    const row = await this.#one(SQL.app, id)
    if (row === undefined) return undefined
    const [name, secret, owner, redirects] = row as [string, string, UserId, string]
    return { id: name, secret, owner, redirects: JSON.parse(redirects) as string[] }
  }

  async channel(id: ChannelId): Promise<Channel | undefined> {
    return channelOf(await this.#one(SQL.channel, idParameter(id)))
  }

  async channels(): Promise<Channel[]> {
    return (await this.#pool.query(SQL.channels, [])).map(row => channelOf(row) as Channel)
  }

  keys(user: UserId): Promise<KeySet | undefined> {
    return this.#keys.ask(user)
  }

  async keyPair(user: UserId): Promise<HeldKeyPair | undefined> {
    const row = await this.#one(SQL.keyPair, idParameter(user))
    return row && { publicKey: row[0] as string, privateKey: row[1] as string, since: Number(row[2]) }
  }

  async keyLog(user: UserId, after: number, limit: number): Promise<KeyLogEntry[]> {
    return (await this.#pool.query(SQL.keyLog, [idParameter(user), after, limit])).map(loggedOf)
  }

  async keyLogHead(user: UserId): Promise<ChainHead> {
    const row = await this.#one(SQL.lastOfKeyLog, idParameter(user))
    return row ? { number: Number(row[0]), hash: toHex(row[1] as Uint8Array) } : NO_HEAD
  }

  async ref(kind: 'channel' | 'room', ref: string): Promise<string | undefined> {
    return (await this.#pool.query(SQL.ref, [kind, indexed(ref)]))[0]?.[0] as string | undefined
  }

  async words(): Promise<string[]> {
    return (await this.#pool.query(SQL.words, [])).map(([word]) => word as string)
  }

  async meta(key: string): Promise<string | undefined> {
    return (await this.#one(SQL.meta, key))?.[0] as string | undefined
  }

  async #readAccounts(users: readonly UserId[]): Promise<(Account | undefined)[]> {
    const rows = await this.#pool.query(SQL.accountsOf, [idParameters(users)])
    const found = new Map(rows.map(row => [row[0] as UserId, row]))
    return users.map(user => accountOf(found.get(user)))
  }

  async #readKeys(users: readonly UserId[]): Promise<(KeySet | undefined)[]> {
    const rows = await this.#pool.query(SQL.keysOf, [idParameters(users)])
    const found = Map.groupBy(rows, ([user]) => user as UserId)
    return users.map(user => {
      const keys = found.get(user)?.map(([, body]) => JSON.parse(body as string) as PublicKey)
      return keys && { version: keys.length, keys }
    })
  }

  async #one(sql: string, value: string | null): Promise<Columns | undefined> {
    return (await this.#pool.query(sql, [value]))[0]
  }
}

/** What accounts that were written before these fields existed have of them. */
const LATER_FIELDS = { info: {}, invisible: false }

function accountOf(row: Columns | undefined): Account | undefined {
  if (row === undefined) return undefined
  const [id, version, username, body] = row as [UserId, string, string, string]
  const rest = JSON.parse(body) as Omit<Account, 'id' | 'version' | 'username'>
  // The columns last: a caller that puts what it once read has an old version among the rest.
  return { ...LATER_FIELDS, ...rest, id, version: Number(version), username }
}

function channelOf(row: Columns | undefined): Channel | undefined {
  if (row === undefined) return undefined
  const [id, version, body] = row as [ChannelId, string, string]
  const rest = JSON.parse(body) as Omit<Channel, 'id' | 'version'>
  return { ...rest, id, version: Number(version) }
}

function tokenOf(row: Columns | undefined): Token | undefined {
  if (row === undefined) return undefined
  const [hash, id, kind, user, app, scopes, parent, issuer, createdAt, expiresAt] = row
  return {
    hash: hash as string,
    id: id as string,
    kind: kind as Token['kind'],
    user: user as UserId | null,
    app: app as string | null,
    scopes: JSON.parse(scopes as string) as string[],
    parent: parent as string | null,
    issuer: issuer as string,
    createdAt: Number(createdAt),
    expiresAt: expiresAt === null ? null : Number(expiresAt),
  }
}

function loggedOf([user, number, at, kind, fingerprint, hash, body]: Columns): KeyLogEntry {
  return {
    user: user as UserId,
    number: Number(number),
    at: Number(at),
    kind: kind as KeyLogEntry['kind'],
    fingerprint: fingerprint as string,
    key: body === null ? null : (JSON.parse(body as string) as PublicKey),
    hash: toHex(hash as Uint8Array),
  }
}
