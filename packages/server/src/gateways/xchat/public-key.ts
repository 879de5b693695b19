// A registered public key as X shows it (x-chat.md 3.1). Its owner sees in each row where the private keys may be kept
// behind a PIN (`juicebox_config`, section 7); nobody else ever does.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import type { PublicKey } from '../../room/facts.ts'
import { type ConfigParts, type JuiceboxConfig, juiceboxConfig, juiceboxConfigFor } from './realm/config.ts'
import { names } from './schema.ts'
import type { Caller } from './session.ts'

const FIELDS = [
  'identity_public_key_signature',
  'juicebox_config',
  'public_key',
  'public_key_version',
  'signing_public_key',
] as const
export const publicKeyFields = names(FIELDS)

export const publicKeyShape = z.object({
  /** Batch reads only: X's command line drops rows without it. */
  user_id: z.string().optional(),
  public_key_version: z.string().optional(),
  /** The identity key; SPKI, as the signing key. */
  public_key: z.string().optional(),
  signing_public_key: z.string().optional(),
  /** Made with the signing key, over the identity key. */
  identity_public_key_signature: z.string().optional(),
  /** Ours: made with the identity key, over the signing key, so that neither can be swapped alone (section 9). */
  signing_public_key_signature: z.string().optional(),
  /** Its owner's alone, with tokens made for this answer. */
  juicebox_config: juiceboxConfig.optional(),
})

/** What the rows of `owner` say to `reader`; undefined where they say nothing of it. */
export async function shownConfig(
  owner: UserId,
  reader: Caller,
  fields: readonly string[] | undefined,
  parts: ConfigParts,
): Promise<JuiceboxConfig | undefined> {
  const asked = fields === undefined || fields.includes('juicebox_config')
  return asked && owner === reader.account.id ? juiceboxConfigFor(reader, parts) : undefined
}

export function publicKeyOf(
  key: PublicKey,
  fields: readonly string[] | undefined,
  config?: JuiceboxConfig,
): z.infer<typeof publicKeyShape> {
  const shown = {
    public_key_version: key.version,
    public_key: key.identityKey,
    signing_public_key: key.signingKey,
    identity_public_key_signature: key.identityKeySignature,
    signing_public_key_signature: key.signingKeySignature,
    ...(config && { juicebox_config: config }),
  }
  if (!fields) return shown
  return Object.fromEntries(Object.entries(shown).filter(([name]) => fields.includes(name)))
}
