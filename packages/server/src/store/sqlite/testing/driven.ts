// A process of its own whose store is driven by its parent, so that limits and failures can be laid on it alone.
// Argument: the directory. Each message from the parent is one step and gets one answer.
import { append, created, logOf, message, NOW, room, textsOf } from '../../testing/items.ts'
import { openSqliteStore } from '../store.ts'

export type Step =
  | { readonly step: 'append'; readonly texts: readonly string[] }
  | { readonly step: 'reopen' }
  | { readonly step: 'texts' }
export type Answer = { readonly texts?: readonly string[]; readonly failed?: string }

const ROOM = room('2070276095283454999')
const directory = process.argv[2]
if (directory === undefined) throw new Error('the directory is missing')
const store = await openSqliteStore({ directory, node: 1, clock: { now: () => NOW } })
if ((await store.head(ROOM)) === undefined) await store.commit([append(ROOM, 0, [created()])])

async function take(step: Step): Promise<Answer> {
  if (step.step === 'reopen') await store.reopen()
  if (step.step === 'append') await store.commit(step.texts.map(text => append(ROOM, 1, [message(text)])))
  if (step.step === 'texts') return { texts: textsOf(await logOf(store, ROOM))?.slice(1) ?? [] }
  return {}
}

process.on('message', (step: Step) => {
  take(step).then(
    answer => process.send?.(answer),
    (error: Error) => process.send?.({ failed: `${error.name}: ${error.message}` }),
  )
})
process.send?.({})
