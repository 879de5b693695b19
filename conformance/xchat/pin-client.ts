// X's own PIN backup in a process of its own: a second `createChat` in one process is broken (x-chat.md section 7). Reads
// what to do from its input and writes what came of each step. Run by pin.ts.
import { createChat } from '@xdevplatform/chat-xdk'
import { Client } from '@xdevplatform/xdk'
import type { Config, Done, PinRun, Step } from './pin.ts'
import { tokensOf } from './pin.ts'
import { tokenOf } from './start.ts'

const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const { config, tokens, steps } = JSON.parse(Buffer.concat(chunks).toString()) as PinRun

const create = () =>
  createChat({ juiceboxConfig: config, getAuthToken: async (realm: string) => current[realm] ?? 'unknown realm' })

let chat: Awaited<ReturnType<typeof create>> | undefined
const done: Done[] = []
/** Of the newest config. */
let current = tokens
for (const step of steps) {
  try {
    if (step.create || !chat) chat = await create()
    const keys = step.generate && chat.generateKeypairs()
    const config = step.register && keys && (await register(step.register, keys))
    if (config) {
      chat.updateConfig(JSON.stringify(config))
      current = tokensOf(config)
    }
    if (step.setup !== undefined) await chat.setup(step.setup)
    if (step.unlock !== undefined) await chat.unlock(step.unlock)
    if (step.change !== undefined) await chat.changePin(...step.change)
    if (step.delete) await chat.delete()
    done.push({ keys: chat.isUnlocked() ? chat.getPublicKeys() : null, error: null, ...(config && { config }) })
  } catch (error) {
    done.push({ keys: null, error: error instanceof Error ? error.message : String(error) })
  }
}

/** Registers the keys with X's SDK, which turns the names inside of the config: an app has to turn them back. */
async function register({ url, user }: NonNullable<Step['register']>, keys: object): Promise<Config> {
  const client = new Client({ accessToken: tokenOf(user), baseUrl: url })
  const { data } = await client.chat.addUserPublicKey(user, keys as never)
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's types do not know what is inside
  const { keyStoreTokenMapJson, maxGuessCount, tokenMap } = (data as any).juiceboxConfig
  return { key_store_token_map_json: keyStoreTokenMapJson, max_guess_count: maxGuessCount, token_map: tokenMap }
}

process.stdout.write(JSON.stringify(done))
// The SDK keeps timers of requests that nobody waits for any more.
process.exit(0)
