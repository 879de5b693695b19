// `juicebox_config` (x-chat.md 7): where a user's realms are, with tokens that were made just now. It goes to that user
// alone, for its tokens are what lets somebody guess.
import { z } from 'zod'
import type { GatewayParts } from '../../gateway.ts'
import type { Caller } from '../session.ts'
import { RECOVER_THRESHOLD, REGISTER_THRESHOLD } from './limits.ts'
import { type RealmParts, realmsOf } from './realms.ts'
import { tokenFor } from './tokens.ts'

export const PREFIX = '/juicebox'

export const juiceboxConfig = z.object({
  /** The configuration that the Juicebox SDK takes, as JSON text. */
  key_store_token_map_json: z.string(),
  max_guess_count: z.int(),
  token_map: z.array(z.object({ key: z.string(), value: z.object({ address: z.string(), token: z.string() }) })),
})

export type JuiceboxConfig = z.infer<typeof juiceboxConfig>

export type ConfigParts = RealmParts & Pick<GatewayParts, 'config' | 'publicUrl'>

/** undefined where this server runs no realms. */
export async function juiceboxConfigFor(caller: Caller, parts: ConfigParts): Promise<JuiceboxConfig | undefined> {
  const { enabled, guesses } = parts.config.xchat.pinBackup
  if (!enabled) return undefined
  const now = parts.clock.now()
  const realms = (await realmsOf(parts)).map(realm => ({
    realm,
    address: `${parts.publicUrl()}${PREFIX}/${realm.id}/`,
  }))
  const sdk = {
    realms: realms.map(({ realm, address }) => ({ id: realm.id, address })),
    register_threshold: REGISTER_THRESHOLD,
    recover_threshold: RECOVER_THRESHOLD,
    pin_hashing_mode: 'Standard2019',
  }
  const by = { user: caller.account.id, token: caller.token, mayReplace: caller.scopes.includes('dm.write') }
  const tokens = realms.map(async ({ realm, address }) => ({
    key: realm.id,
    value: { address, token: await tokenFor(by, realm, now) },
  }))
  return {
    key_store_token_map_json: JSON.stringify(sdk),
    max_guess_count: guesses,
    token_map: await Promise.all(tokens),
  }
}
