// The hidden channel of rooms that the embedding site makes (dino.md section 7): its rooms are joined by id or by name and
// stand in no list of channels. It is made when the first room is.
import type { ChannelId } from '@conclave/wire'
import type { Channel } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import { Fault } from './route.ts'

export const DEFAULT_CHANNEL = '_DEFAULT'
/** Behind what an operator sorts. */
const LAST = 1_000

export async function defaultChannel(parts: GatewayParts): Promise<Channel | Fault> {
  const known = (await parts.reading.channels()).find(({ name }) => name === DEFAULT_CHANNEL)
  if (known) return known
  const key = 'dino.defaultChannel'
  const id = parts.newId() as ChannelId
  const channel = {
    id,
    name: DEFAULT_CHANNEL,
    sort: LAST,
    tags: [],
    owners: [],
    admins: [],
    acls: [],
    sanctions: [],
  }
  const { outcome } = await parts.write({
    guards: [{ of: 'channel', id, version: 0 }],
    append: null,
    rows: [
      { put: 'channel', channel },
      { put: 'meta', key, value: id },
    ],
  })
  const made = outcome === 'committed' ? await parts.identity.channels.load(id) : undefined
  return made ?? new Fault('the channel for rooms of the site could not be made, try again')
}
