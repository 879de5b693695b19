import { nodesContract } from './contract.ts'
import { localNodes } from './local.ts'

nodesContract('local', async () => {
  const nodes = localNodes(7, { now: () => Date.now() })
  return { nodes, close: () => nodes.close() }
})
