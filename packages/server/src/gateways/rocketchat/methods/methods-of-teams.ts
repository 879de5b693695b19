// Methods about rooms that hang on others.
import type { Method } from '../method.ts'
import { createDiscussion } from './createDiscussion.ts'

export const TEAMS: readonly Method[] = [createDiscussion]
