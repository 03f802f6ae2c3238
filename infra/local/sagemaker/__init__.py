"""Amazon SageMaker in process: registry, pipelines, jobs and endpoints that really run.

regions     a SageMaker for each Region; the front door
api         dispatches operations to the parts below
validate    checks requests against botocore's own shapes
store       tables, and what survives a restart
registry    model package groups and packages, models, endpoint configurations
pipelines   pipelines and their executions
executor    interprets a pipeline definition
jobs        training and processing jobs as subprocesses in the container contract
endpoints   processes that serve, traffic shifting and rollback
images      container images, found by digest
events      what EventBridge is told
"""
