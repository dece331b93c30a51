// Writes configs/REFERENCE.md from the configuration schema.
import { join } from 'node:path'
import { renderReference } from '../pipeline/config-reference.ts'
import { writeFileAtomic } from '../core/files.ts'
import { packageRoot } from '../core/versions.ts'
import { configSchema } from '../stages/config.ts'

writeFileAtomic(join(packageRoot, 'configs', 'REFERENCE.md'), renderReference(configSchema))
