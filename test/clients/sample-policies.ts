// The policies that AWS's own pages show to their readers, as they stand there but for account ids, repositories and regions, which the
// pages leave to the reader as well. Beside each: the page of the Amazon ECR User Guide (or another guide) that has it.

export interface PolicyDocument {
  readonly Version: '2012-10-17'
  readonly Id?: string
  readonly Statement: readonly Statement[]
}

interface Statement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>
  readonly Action: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

const policy = (...statements: readonly Statement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
})
const allow = (Action: Statement['Action'], Resource: Statement['Resource'] = '*'): Statement => ({
  Effect: 'Allow',
  Action,
  ...(Resource !== undefined && { Resource }),
})

const reading = [
  'ecr:GetAuthorizationToken',
  'ecr:BatchCheckLayerAvailability',
  'ecr:GetDownloadUrlForLayer',
  'ecr:GetRepositoryPolicy',
  'ecr:DescribeRepositories',
  'ecr:ListImages',
  'ecr:DescribeImages',
  'ecr:BatchGetImage',
  'ecr:GetLifecyclePolicy',
  'ecr:GetLifecyclePolicyPreview',
  'ecr:ListTagsForResource',
  'ecr:DescribeImageScanFindings',
]
const pushing = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:CompleteLayerUpload',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
]
const pulling = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']

// Managed policies: security-iam-awsmanpol.html, and the AWS Managed Policy Reference.

/** AmazonEC2ContainerRegistryPullOnly, version 1. */
export const pullOnly = policy(
  allow([
    'ecr:GetAuthorizationToken',
    'ecr:BatchGetImage',
    'ecr:GetDownloadUrlForLayer',
    'ecr:BatchImportUpstreamImage',
  ]),
)

/** AmazonEC2ContainerRegistryReadOnly, version 3. */
export const readOnly = policy(allow(reading))

/** AmazonEC2ContainerRegistryPowerUser, version 3. */
export const powerUser = policy(
  allow([...reading, 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload', 'ecr:PutImage']),
)

/** AmazonEC2ContainerRegistryFullAccess. */
export const fullAccess = policy(allow(['ecr:*', 'cloudtrail:LookupEvents']), {
  ...allow(['iam:CreateServiceLinkedRole']),
  Condition: { StringEquals: { 'iam:AWSServiceName': ['replication.ecr.amazonaws.com'] } },
})

/** AmazonElasticContainerRegistryPublicFullAccess. */
export const publicFullAccess = policy(allow(['ecr-public:*', 'sts:GetServiceBearerToken']))

// Policies for users.

/** repository-policies.html: what everybody needs of an IAM policy, whatever a repository's own policy allows. */
export const loginOnly = policy(allow('ecr:GetAuthorizationToken'))

/** image-push-iam.html: "the required permissions for pushing an image to a specific repository". */
export const pushTo = (repositoryArn: string): PolicyDocument =>
  policy(allow(pushing, repositoryArn), allow('ecr:GetAuthorizationToken'))

/** security_iam_id-based-policy-examples.html, "Accessing one Amazon ECR repository": to push, pull and list images. */
export const oneRepository = (repositoryArn: string): PolicyDocument =>
  policy(
    { Sid: 'ListImagesInRepository', ...allow(['ecr:ListImages'], repositoryArn) },
    { Sid: 'GetAuthorizationToken', ...allow(['ecr:GetAuthorizationToken']) },
    {
      Sid: 'ManageRepositoryContents',
      ...allow(
        [
          'ecr:BatchCheckLayerAvailability',
          'ecr:GetDownloadUrlForLayer',
          'ecr:GetRepositoryPolicy',
          'ecr:DescribeRepositories',
          'ecr:ListImages',
          'ecr:DescribeImages',
          'ecr:BatchGetImage',
          'ecr:InitiateLayerUpload',
          'ecr:UploadLayerPart',
          'ecr:CompleteLayerUpload',
          'ecr:PutImage',
        ],
        repositoryArn,
      ),
    },
  )

/** ecr-supported-iam-actions-tagging.html: everything, but for repositories that are tagged `environment=prod`. */
export const notInProduction = policy(allow('ecr:*'), {
  Effect: 'Deny',
  Action: 'ecr:*',
  Resource: '*',
  Condition: { StringEquals: { 'ecr:ResourceTag/environment': 'prod' } },
})

// Policies of repositories: repository-policy-examples.html.

/** "Allow one or more users": to push and to pull. */
export const allowPushPull = (account: string): PolicyDocument =>
  policy({
    Sid: 'AllowPushPull',
    Effect: 'Allow',
    Principal: {
      AWS: [`arn:aws:iam::${account}:user/push-pull-user-1`, `arn:aws:iam::${account}:user/push-pull-user-2`],
    },
    Action: [...pulling, ...pushing],
    Resource: '*',
  })

/** "Allow another account": to push. */
export const allowCrossAccountPush = (account: string): PolicyDocument =>
  policy({
    Sid: 'AllowCrossAccountPush',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: pushing,
    Resource: '*',
  })

/** Some users may pull, another one may do all. */
export const allowPullAndAll = (account: string): PolicyDocument =>
  policy(
    {
      Sid: 'AllowPull',
      Effect: 'Allow',
      Principal: { AWS: [`arn:aws:iam::${account}:user/pull-user-1`, `arn:aws:iam::${account}:user/pull-user-2`] },
      Action: pulling,
      Resource: '*',
    },
    {
      Sid: 'AllowAll',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:user/admin-user` },
      Action: ['ecr:*'],
      Resource: '*',
    },
  )

/** "Deny all": nobody may pull. */
export const denyPull = policy({ Sid: 'DenyPull', Effect: 'Deny', Principal: '*', Action: pulling, Resource: '*' })

/** "Restricting access to specific IP addresses"; the page's range is 54.240.143.0/24. */
export const onlyFrom = (range: string): PolicyDocument => ({
  Id: 'ECRPolicyId1',
  ...policy({
    Sid: 'IPAllow',
    Effect: 'Deny',
    Principal: '*',
    Action: 'ecr:*',
    Resource: '*',
    Condition: { NotIpAddress: { 'aws:SourceIp': range } },
  }),
})

/** AWS CodeBuild User Guide, sample-ecr.html: a service of AWS may pull for a project of the account. */
export const allowCodeBuild = (account: string): PolicyDocument =>
  policy({
    Sid: 'CodeBuildAccessPrincipal',
    Effect: 'Allow',
    Principal: { Service: 'codebuild.amazonaws.com' },
    Action: [...pulling, 'ecr:BatchCheckLayerAvailability'],
    Condition: {
      StringEquals: {
        'aws:SourceArn': `arn:aws:codebuild:us-east-1:${account}:project/MyProject`,
        'aws:SourceAccount': account,
      },
    },
  })

/**
 * Only by a VPC's endpoint, in the words of the IAM User Guide's `aws:SourceVpce`: "StringNotEquals". ECR's own pages show policies of endpoints,
 * which a registry does not see.
 */
export const onlyByEndpoint = policy({
  Sid: 'Access-to-specific-VPCE-only',
  Effect: 'Deny',
  Principal: '*',
  Action: 'ecr:*',
  Resource: '*',
  Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1a2b3c4d' } },
})

/** The page's `AllowPull`, for a role instead of users (repository-policies.html: "users or roles"). */
export const allowPullOf = (roleArn: string): PolicyDocument =>
  policy({ Sid: 'AllowPull', Effect: 'Allow', Principal: { AWS: roleArn }, Action: pulling, Resource: '*' })

// Policies of registries.

/** registry-permissions-examples.html: another account may replicate into repositories of a prefix. */
export const allowReplication = (source: string, repositories: string): PolicyDocument =>
  policy({
    Sid: 'ReplicationAccessCrossAccount',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${source}:root` },
    Action: ['ecr:CreateRepository', 'ecr:ReplicateImage'],
    Resource: [repositories],
  })

/** pull-through-cache-iam.html: a user may fill the cache. */
export const allowPullThroughCache = (account: string, repositories: string): PolicyDocument =>
  policy({
    Sid: 'PullThroughCacheFromReadOnlyRole',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:user/ecr-pull-through-cache-user` },
    Action: ['ecr:CreateRepository', 'ecr:BatchImportUpstreamImage'],
    Resource: repositories,
  })
