// Asks a server that was started with `--inspect=127.0.0.1:0` to collect its garbage and to say how much memory is in
// use: resident memory of a server that just logged thousands in is otherwise mostly garbage.

import type { Child } from '../child.ts'

export interface Memory {
  readonly resident: number
  /** Live bytes: heap, Buffers and what else V8 knows of. */
  readonly live: number
  /** Timers that keep the process alive. */
  readonly timers: number
}

type Answer = Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed' | 'external'> & { readonly resources: readonly string[] }

export async function memory(child: Child): Promise<Memory> {
  const address = child.inspector
  if (address === undefined) throw new Error('the server named no inspector')
  const inspector = new WebSocket(address)
  await new Promise((resolve, reject) => {
    inspector.onopen = resolve
    inspector.onerror = () => reject(new Error('the inspector did not answer'))
  })
  let id = 0
  const ask = (method: string, params: object = {}): Promise<{ result: { result: { value: string } } }> =>
    new Promise((resolve, reject) => {
      const own = ++id
      inspector.onclose = () => reject(new Error('the server ended'))
      inspector.onmessage = ({ data }) => {
        const message = JSON.parse(String(data))
        if (message.id === own) resolve(message)
      }
      inspector.send(JSON.stringify({ id: own, method, params }))
    })
  for (let i = 0; i < 3; i++) await ask('HeapProfiler.collectGarbage')
  const answer = await ask('Runtime.evaluate', {
    expression: 'JSON.stringify({ ...process.memoryUsage(), resources: process.getActiveResourcesInfo() })',
    returnByValue: true,
  })
  inspector.close()
  const { rss, heapUsed, external, resources } = JSON.parse(answer.result.result.value) as Answer
  return {
    resident: rss,
    live: heapUsed + external,
    timers: resources.filter(name => name === 'Timeout').length,
  }
}
