// Names that an alias may not be. AWS refuses names of its own and of its services, generic words, and companies that the asker does not
// stand for (user guide of Amazon ECR Public, "Registry aliases"); it publishes no list: these words are ours.

/** First parts of addresses of the public listener: a registry of this name would hide them, or be hidden. */
const ownPaths = new Set([
  'about',
  'api',
  'assets',
  'gallery',
  'healthz',
  'layers',
  'logo',
  'metrics',
  'readyz',
  'robots',
  'search',
  'token',
  'v1',
  'v2',
])

/** Refused as a part of a name too: `aws-tools` looks like AWS's. */
const ofAws = new Set([
  'amazon',
  'amazonaws',
  'amazonlinux',
  'aws',
  'bedrock',
  'cloudformation',
  'cloudfront',
  'cloudwatch',
  'cognito',
  'dynamodb',
  'ebs',
  'ec2',
  'ecr',
  'ecs',
  'eks',
  'elasticache',
  'eventbridge',
  'fargate',
  'greengrass',
  'iam',
  'kinesis',
  'kms',
  'lambda',
  'lightsail',
  'quicksight',
  'rds',
  'redshift',
  'route53',
  's3',
  'sagemaker',
  'sns',
  'sqs',
  'sts',
])

/** Refused as the whole name. */
const generic = new Set([
  'admin',
  'administrator',
  'anonymous',
  'app',
  'apps',
  'base',
  'build',
  'container',
  'containers',
  'default',
  'demo',
  'dev',
  'docker',
  'example',
  'examples',
  'help',
  'image',
  'images',
  'latest',
  'library',
  'local',
  'localhost',
  'marketplace',
  'null',
  'official',
  'oci',
  'private',
  'prod',
  'production',
  'public',
  'registry',
  'repository',
  'root',
  'sample',
  'samples',
  'security',
  'stage',
  'staging',
  'support',
  'system',
  'test',
  'testing',
  'tests',
  'undefined',
  'verified',
  'www',
])

/** Why a name is reserved, as the end of a sentence that begins with it; `undefined` when it is free for the asking. */
export function reservedBecause(name: string, allowReserved: boolean): string | undefined {
  if (ownPaths.has(name)) return 'the server uses this word in its own addresses'
  if (allowReserved) return undefined
  const owned = name.split(/[._-]/).find((word) => ofAws.has(word))
  if (owned !== undefined) return `"${owned}" is a name of AWS or of one of its services`
  return generic.has(name) ? 'it is a generic word' : undefined
}
