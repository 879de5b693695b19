// X's own PIN backup in a process of its own: a second `createChat` in one process is broken (x-chat.md section 7). Reads
// what to do from its input and writes what came of each step. Run by pin.ts.
import { createChat } from '@xdevplatform/chat-xdk'
import type { Done, PinRun } from './pin.ts'

const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const { config, tokens, steps } = JSON.parse(Buffer.concat(chunks).toString()) as PinRun

const create = () =>
  createChat({ juiceboxConfig: config, getAuthToken: async (realm: string) => tokens[realm] ?? 'unknown realm' })

let chat: Awaited<ReturnType<typeof create>> | undefined
const done: Done[] = []
for (const step of steps) {
  try {
    if (step.create || !chat) chat = await create()
    if (step.generate) chat.generateKeypairs()
    if (step.setup !== undefined) await chat.setup(step.setup)
    if (step.unlock !== undefined) await chat.unlock(step.unlock)
    if (step.change !== undefined) await chat.changePin(...step.change)
    if (step.delete) await chat.delete()
    done.push({ keys: chat.isUnlocked() ? chat.getPublicKeys() : null, error: null })
  } catch (error) {
    done.push({ keys: null, error: error instanceof Error ? error.message : String(error) })
  }
}
process.stdout.write(JSON.stringify(done))
// The SDK keeps timers of requests that nobody waits for any more.
process.exit(0)
