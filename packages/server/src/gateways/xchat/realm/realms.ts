// The realms of this server: their ids, made once, and the keys that sign their tokens, in one document beside the
// logs. It is read anew each time, so that every node believes the tokens of every other one.
import { z } from 'zod'
import type { Guard } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { KEY_BYTES, KEY_LIFE, KEYS_KEPT, REALM_ID_BYTES, REALMS } from './limits.ts'

const KIND = 'xchat.realms'
const KEY = 'own'

const base64 = z.string().transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')))
const realmShape = z.object({
  /** 32 hex digits. */
  id: z.string(),
  /** What turns a user's id into the name that the realm knows them by; never changed, or nobody would find a record. */
  subjects: base64,
  /** Oldest first; the newest one signs. */
  keys: z.array(z.object({ version: z.int(), secret: base64, madeAt: z.number() })),
})
const shape = z.object({ realms: z.array(realmShape) })

export type Realm = z.infer<typeof realmShape>
export type RealmParts = Pick<GatewayParts, 'reading' | 'write' | 'clock' | 'random'>

/** Makes them when there are none, and their next keys when it is time. */
export async function realmsOf(parts: RealmParts): Promise<readonly Realm[]> {
  for (;;) {
    const document = await parts.reading.document(KIND, KEY)
    const realms = document === undefined ? newRealms(parts) : shape.parse(JSON.parse(document.body)).realms
    const current = realms.map(realm => renewed(realm, parts))
    if (document !== undefined && current.every((realm, index) => realm === realms[index])) return realms
    // Whoever was first has made them; another one reads them.
    await put(current, document?.version ?? 0, parts)
  }
}

async function put(realms: readonly Realm[], version: number, { write }: RealmParts): Promise<void> {
  const body = JSON.stringify({ realms: realms.map(inText) })
  const guards: Guard[] = [{ of: 'document', id: `${KIND}/${KEY}`, version }]
  const document = { kind: KIND, key: KEY, owner: '', body, dueAt: null }
  await write({ guards, append: null, rows: [{ put: 'document', document }] })
}

/** As the shape reads it. */
function inText({ id, subjects, keys }: Realm): z.input<typeof realmShape> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  return { id, subjects: text(subjects), keys: keys.map(key => ({ ...key, secret: text(key.secret) })) }
}

function newRealms({ random }: RealmParts): Realm[] {
  return Array.from({ length: REALMS }, () => ({
    id: Buffer.from(random.bytes(REALM_ID_BYTES)).toString('hex'),
    subjects: random.bytes(KEY_BYTES),
    keys: [],
  }))
}

/** The same realm while its newest key is young enough. */
function renewed(realm: Realm, { clock, random }: RealmParts): Realm {
  const newest = realm.keys.at(-1)
  const now = clock.now()
  if (newest && now - newest.madeAt < KEY_LIFE) return realm
  const next = { version: (newest?.version ?? 0) + 1, secret: random.bytes(KEY_BYTES), madeAt: now }
  return { ...realm, keys: [...realm.keys, next].slice(-KEYS_KEPT) }
}
