"""One session of a boto3 user of ECR Public: every operation of the client. Arguments: endpoint, directory with an image's manifest.json,
config and layer files named by digest, and logo.png. Prints what it saw as JSON."""

import base64
import json
import pathlib
import sys
import urllib.request

import boto3
from botocore.config import Config

PART = 5 * 1024 * 1024

endpoint, directory = sys.argv[1], pathlib.Path(sys.argv[2])
client = boto3.client('ecr-public', endpoint_url=endpoint, region_name='us-east-1',
                      config=Config(retries={'total_max_attempts': 1}))
name = 'boto3/public'
seen = {}
called = set()
client.meta.events.register('before-call.ecr-public', lambda model, **_: called.add(model.name))


def refusal(expected, call, **arguments):
    """The message of the exception of this type: any other one ends the session."""
    try:
        call(**arguments)
    except expected as error:
        return error.response['Error']['Message']
    raise SystemExit(f'{expected.__name__} was not raised')


# Nothing is there yet.
seen['registriesAtFirst'] = client.describe_registries()['registries']
seen['missing'] = refusal(client.exceptions.RepositoryNotFoundException, client.describe_images, repositoryName=name)

# Repositories, and what the gallery shows of them.
logo = (directory / 'logo.png').read_bytes()
made = client.create_repository(
    repositoryName=name,
    catalogData={'description': 'A Python program made it', 'architectures': ['x86-64', 'ARM 64'],
                 'operatingSystems': ['Linux'], 'logoImageBlob': logo, 'aboutText': '# About', 'usageText': 'Run it.'},
    tags=[{'Key': 'team', 'Value': 'a'}, {'Key': 'kind', 'Value': 'b'}])
repository, catalog = made['repository'], made['catalogData']
seen['twice'] = refusal(client.exceptions.RepositoryAlreadyExistsException, client.create_repository, repositoryName=name)
registry = client.describe_registries()['registries'][0]
seen['verified'] = registry['verified']
seen['aliases'] = [{key: value for key, value in alias.items() if key != 'name'} for alias in registry['aliases']]
seen['address'] = [repository['repositoryUri'], f"{registry['registryUri']}/{name}"]
seen['arn'] = repository['repositoryArn']
with urllib.request.urlopen(catalog['logoUrl']) as answer:
    seen['logo'] = [answer.headers['Content-Type'], answer.read() == logo]
seen['catalogIsSame'] = client.get_repository_catalog_data(repositoryName=name)['catalogData'] == catalog
seen['catalogPut'] = client.put_repository_catalog_data(repositoryName=name, catalogData={'description': 'Less'})['catalogData']
seen['noPng'] = refusal(client.exceptions.InvalidParameterException, client.put_repository_catalog_data,
                        repositoryName=name, catalogData={'logoImageBlob': b'<svg/>'})
client.put_registry_catalog_data(displayName='Python people')
seen['registryCatalog'] = client.get_registry_catalog_data()['registryCatalogData']
for other in ['boto3/other', 'boto3/third']:
    client.create_repository(repositoryName=other)
pages = client.get_paginator('describe_repositories').paginate(PaginationConfig={'PageSize': 2})
seen['repositories'] = [[one['repositoryName'] for one in page['repositories']] for page in pages]
seen['registryPages'] = [len(page['registries']) for page in client.get_paginator('describe_registries').paginate()]

# An image, layer by layer and part by part.
manifest = (directory / 'manifest.json').read_text()
document = json.loads(manifest)
digests = [descriptor['digest'] for descriptor in [*document['layers'], document['config']]]
seen['partsReceived'] = []
for digest in digests:
    content = (directory / digest.split(':')[1]).read_bytes()
    upload = client.initiate_layer_upload(repositoryName=name)
    for first in range(0, len(content), PART):
        part = content[first:first + PART]
        put = client.upload_layer_part(repositoryName=name, uploadId=upload['uploadId'], partFirstByte=first,
                                       partLastByte=first + len(part) - 1, layerPartBlob=part)
        seen['partsReceived'].append(put['lastByteReceived'])
    client.complete_layer_upload(repositoryName=name, uploadId=upload['uploadId'], layerDigests=[digest])
absent = 'sha256:' + '0' * 64
layers = client.batch_check_layer_availability(repositoryName=name, layerDigests=[*digests, absent])
seen['layers'] = [layer['layerAvailability'] for layer in layers['layers']]
upload = client.initiate_layer_upload(repositoryName=name)['uploadId']
content = (directory / digests[-1].split(':')[1]).read_bytes()
client.upload_layer_part(repositoryName=name, uploadId=upload, partFirstByte=0, partLastByte=len(content) - 1,
                         layerPartBlob=content)
seen['layerAgain'] = refusal(client.exceptions.LayerAlreadyExistsException, client.complete_layer_upload,
                             repositoryName=name, uploadId=upload, layerDigests=[digests[-1]])
for tag in ['one', 'two', 'three']:
    image = client.put_image(repositoryName=name, imageManifest=manifest, imageTag=tag)['image']
seen['imageDigest'] = image['imageId']['imageDigest']
seen['imageTwice'] = refusal(client.exceptions.ImageAlreadyExistsException, client.put_image,
                             repositoryName=name, imageManifest=manifest, imageTag='one')
details = [one for page in client.get_paginator('describe_images').paginate(repositoryName=name)
           for one in page['imageDetails']]
seen['images'] = [[one['imageDigest'], sorted(one['imageTags']), one['imageSizeInBytes']] for one in details]
pages = client.get_paginator('describe_image_tags').paginate(repositoryName=name, PaginationConfig={'PageSize': 2})
seen['tagPages'] = [[one['imageTag'] for one in page['imageTagDetails']] for page in pages]
seen['imageMissing'] = refusal(client.exceptions.ImageNotFoundException, client.describe_images,
                               repositoryName=name, imageIds=[{'imageTag': 'four'}])

# Tags on the repository, and its policy.
arn = repository['repositoryArn']
client.tag_resource(resourceArn=arn, tags=[{'Key': 'team', 'Value': 'c'}, {'Key': 'new', 'Value': ''}])
client.untag_resource(resourceArn=arn, tagKeys=['kind'])
tags = client.list_tags_for_resource(resourceArn=arn)['tags']
seen['resourceTags'] = {tag['Key']: tag['Value'] for tag in tags}
policy = {'Version': '2008-10-17',
          'Statement': [{'Sid': 'push', 'Effect': 'Allow', 'Principal': '*', 'Action': ['ecr-public:PutImage']}]}
seen['noPolicy'] = refusal(client.exceptions.RepositoryPolicyNotFoundException, client.get_repository_policy,
                           repositoryName=name)
client.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
seen['policyIsSame'] = json.loads(client.get_repository_policy(repositoryName=name)['policyText']) == policy
client.delete_repository_policy(repositoryName=name)
seen['policyGone'] = refusal(client.exceptions.RepositoryPolicyNotFoundException, client.delete_repository_policy,
                             repositoryName=name)

# A password, by the name of its user.
token = client.get_authorization_token()['authorizationData']
seen['user'] = base64.b64decode(token['authorizationToken']).decode().split(':')[0]

# And all of it away again.
seen['notEmpty'] = refusal(client.exceptions.RepositoryNotEmptyException, client.delete_repository, repositoryName=name)
deleted = client.batch_delete_image(repositoryName=name, imageIds=[{'imageTag': 'one'}, {'imageTag': 'four'}])
seen['deleted'] = [[one.get('imageTag') for one in deleted['imageIds']],
                   [one['failureCode'] for one in deleted['failures']]]
client.delete_repository(repositoryName=name, force=True)
seen['gone'] = refusal(client.exceptions.RepositoryNotFoundException, client.describe_repositories,
                       repositoryNames=[name])
elsewhere = boto3.client('ecr-public', endpoint_url=endpoint, region_name='eu-west-1')
seen['elsewhere'] = refusal(elsewhere.exceptions.UnsupportedCommandException, elsewhere.describe_registries)
seen['uncalled'] = sorted(set(client.meta.service_model.operation_names) - called)
print(json.dumps(seen))
