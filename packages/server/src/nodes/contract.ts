// What every Nodes does for the node that is alone. What several do to each other, postgres.test.ts says.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Nodes } from './nodes.ts'

export interface OpenNodes {
  /** Of node 7. */
  readonly nodes: Nodes
  close(): Promise<void>
}

export function nodesContract(name: string, open: () => Promise<OpenNodes>): void {
  describe(`nodes: ${name}`, () => {
    let opened: OpenNodes
    let nodes: Nodes
    beforeEach(async () => {
      opened = await open()
      nodes = opened.nodes
    })
    afterEach(() => opened.close())

    test('a node counts from the start, and is among those that do', () => {
      expect(nodes.self.node).toBe(7)
      expect(nodes.serving).toBe(true)
      expect(nodes.live()).toEqual([nodes.self])
    })

    test('who is alone does every job until it releases it', async () => {
      let times = 0
      const hold = nodes.hold('job', () => {
        times += 1
      })
      await vi.waitFor(() => expect(hold.held).toBe(true))
      expect(times).toBe(1)
      await hold.release()
      expect(hold.held).toBe(false)
      const again = nodes.hold('job')
      await vi.waitFor(() => expect(again.held).toBe(true))
      expect(times).toBe(1)
    })

    test('a job is held once by a node', () => {
      nodes.hold('job')
      expect(() => nodes.hold('job')).toThrow('held already')
    })

    test('a node that has closed holds nothing', async () => {
      const hold = nodes.hold('job')
      await vi.waitFor(() => expect(hold.held).toBe(true))
      await nodes.close()
      expect(hold.held).toBe(false)
    })

    test('the clock goes on, and shows about this time', async () => {
      const before = nodes.clock.now()
      expect(Number.isInteger(before)).toBe(true)
      expect(Math.abs(before - Date.now())).toBeLessThan(5_000)
      await vi.waitFor(() => expect(nodes.clock.now()).toBeGreaterThan(before))
    })
  })
}
