// Methods about files.
import type { Method } from '../method.ts'
import { sendFileMessage } from './sendFileMessage.ts'

export const FILES: readonly Method[] = [sendFileMessage]
