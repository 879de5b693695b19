import { blobsContract } from './contract.ts'
import { memoryBlobs } from './memory.ts'

blobsContract('memory', async () => ({ blobs: memoryBlobs(), close: async () => {} }))
