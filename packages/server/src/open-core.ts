// Everything below the gateways, with its adapters. The command line needs no more when no server runs, and so does not wait for
// the text of the gateways to be read, which is most of the server's.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { openAdapters, systemClock } from './adapters.ts'
import { type Blobs, BlobsFailure } from './blobs/blobs.ts'
import { openFileBlobs } from './blobs/files.ts'
import { credentialsIn, openS3Blobs } from './blobs/s3.ts'
import type { Random } from './clock.ts'
import { type Config, ConfigError } from './config.ts'
import type { Core } from './engine/core.ts'
import { buildCore } from './engine/core.ts'
import type { Outlet } from './outlet/outlet.ts'
import { severalOutlets } from './outlet/several.ts'
import { type AclRules, DEFAULT_RULES } from './room/acl-rules.ts'
import { s3PlaceOf } from './s3-place.ts'
import { VERSION } from './version.ts'

export const systemRandom: Random = { bytes: count => randomBytes(count) }

export async function openCore(config: Config, log: Logger): Promise<Core> {
  // Before anything is opened that would have to be closed.
  const acl = await aclRules(config)
  const adapters = await openAdapters(config, log)
  // The store's lock is held by now: nobody else writes there.
  const blobs = await openBlobs(config, process.env).catch(async (error: unknown) => {
    await adapters.bus.close()
    await adapters.nodes.close()
    await adapters.store.close()
    throw error
  })
  const core = buildCore({
    config,
    acl,
    log,
    random: systemRandom,
    ...adapters,
    blobs,
    outlet: await openOutlet(config),
  })
  adapters.attach(core)
  return core
}

/** What reads YAML is read itself only where there is some. */
async function aclRules({ dino }: Config): Promise<AclRules> {
  if (dino.acl === null) return DEFAULT_RULES
  const { readAclRules } = await import('./acl-file.ts')
  return readAclRules(dino.acl)
}

async function openBlobs({ blobs, data, node, store }: Config, env: NodeJS.ProcessEnv): Promise<Blobs> {
  const place = s3PlaceOf(blobs)
  if (!place) return openFileBlobs(filesIn(data), store === 'sqlite' ? null : node)
  const credentials = credentialsIn(env)
  if (!credentials)
    throw new ConfigError('The setting "blobs" needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.')
  try {
    return await openS3Blobs(place, credentials)
  } catch (error) {
    if (!(error instanceof BlobsFailure)) throw error
    throw new ConfigError(`The setting "blobs" leads to no place for files: ${error.message}.`)
  }
}

/** Where files of rooms are, unless they are in a bucket. */
export function filesIn(data: string): string {
  return join(data, 'blobs')
}

/** null where nobody is to be told of anything. */
async function openOutlet({ outlet }: Config): Promise<Outlet | null> {
  const { webhooks, nats } = outlet
  if (webhooks.length + nats.length === 0) return null
  const { webhookOutlet } = await import('./outlet/webhooks.ts')
  const { natsOutlet } = await import('./outlet/nats.ts')
  const [timeout, agent] = [outlet.timeout * 1_000, `Conclave/${VERSION}`]
  return severalOutlets([
    ...(webhooks.length > 0 ? [webhookOutlet({ webhooks, timeout, clock: systemClock, agent })] : []),
    ...(nats.length > 0 ? [natsOutlet({ streams: nats, timeout, agent })] : []),
  ])
}
