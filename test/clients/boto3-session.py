"""One session of a boto3 user: it pushes an image by the API alone and reads it back. Arguments: endpoint, directory with the
image's manifest.json, config and layer files named by digest. Prints what it saw as JSON."""

import json
import pathlib
import sys

import boto3
import urllib.request
from botocore.config import Config

PART = 5 * 1024 * 1024

endpoint, directory = sys.argv[1], pathlib.Path(sys.argv[2])
ecr = boto3.client('ecr', endpoint_url=endpoint, config=Config(retries={'total_max_attempts': 1}))
name = 'boto3/image'
seen = {}

seen['repository'] = ecr.create_repository(repositoryName=name, tags=[{'Key': 'team', 'Value': 'a'}])['repository']
seen['resourceTags'] = ecr.list_tags_for_resource(resourceArn=seen['repository']['repositoryArn'])['tags']

manifest = (directory / 'manifest.json').read_text()
document = json.loads(manifest)
for descriptor in [*document['layers'], document['config']]:
    content = (directory / descriptor['digest'].split(':')[1]).read_bytes()
    upload = ecr.initiate_layer_upload(repositoryName=name)['uploadId']
    for first in range(0, len(content), PART):
        part = content[first:first + PART]
        ecr.upload_layer_part(repositoryName=name, uploadId=upload, partFirstByte=first,
                              partLastByte=first + len(part) - 1, layerPartBlob=part)
    ecr.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[descriptor['digest']])

for tag in ['one', 'two', 'three']:
    ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag=tag)

pages = list(ecr.get_paginator('list_images').paginate(repositoryName=name, PaginationConfig={'PageSize': 2}))
seen['pages'] = [len(page['imageIds']) for page in pages]
seen['tags'] = sorted(image['imageTag'] for page in pages for image in page['imageIds'])
seen['manifest'] = ecr.batch_get_image(repositoryName=name, imageIds=[{'imageTag': 'two'}])['images'][0]['imageManifest']

layer = document['layers'][0]['digest']
url = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=layer)['downloadUrl']
seen['layerIsSame'] = urllib.request.urlopen(url).read() == (directory / layer.split(':')[1]).read_bytes()

try:
    ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag='one')
except ecr.exceptions.ImageAlreadyExistsException as error:
    seen['twice'] = error.response['Error']['Message']
try:
    ecr.delete_repository(repositoryName=name)
except ecr.exceptions.RepositoryNotEmptyException as error:
    seen['notEmpty'] = error.response['Error']['Message']
ecr.delete_repository(repositoryName=name, force=True)
try:
    ecr.describe_repositories(repositoryNames=[name])
except ecr.exceptions.RepositoryNotFoundException as error:
    seen['gone'] = error.response['Error']['Message']

seen['account'] = boto3.client('sts', endpoint_url=endpoint).get_caller_identity()['Account']
print(json.dumps(seen, default=str))
