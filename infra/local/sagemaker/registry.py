"""Model package groups and packages, models, endpoint configurations and tags: records without a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local import objects, roles
from infra.local.roles import RefusedError
from infra.local.sagemaker import access, events, serverless, validate
from infra.local.sagemaker.errors import conflict, invalid
from infra.local.sagemaker.images import Images
from infra.local.sagemaker.store import Record, Store, now, page

# What UpdateModelPackage changes, besides the customer's metadata.
_UPDATED = frozenset({"ModelApprovalStatus", "ApprovalDescription", "ModelLifeCycle", "ModelCard"})


class Registry:
    """The model registry and what endpoints are made of."""

    def __init__(self, store: Store, images: Images) -> None:
        self._store = store
        self._images = images

    def operations(self) -> dict[str, Callable[[Record], Record]]:
        """Return the operations that this part answers."""
        return {
            "CreateModelPackageGroup": self.create_group,
            "DescribeModelPackageGroup": self._describe_group,
            "ListModelPackageGroups": self._list_groups,
            "DeleteModelPackageGroup": self.delete_group,
            "CreateModelPackage": self.create_package,
            "DescribeModelPackage": self._describe_package,
            "ListModelPackages": self._list_packages,
            "UpdateModelPackage": self._update_package,
            "DeleteModelPackage": self._delete_package,
            "CreateModel": self._create_model,
            "DescribeModel": self._describe_model,
            "ListModels": self._list_models,
            "DeleteModel": self._delete_model,
            "CreateEndpointConfig": self._create_config,
            "DescribeEndpointConfig": self._describe_config,
            "ListEndpointConfigs": self._list_configs,
            "DeleteEndpointConfig": self._delete_config,
            "AddTags": self._add_tags,
            "ListTags": self._list_tags,
            "DeleteTags": self._delete_tags,
        }

    # --- model package groups ------------------------------------------------

    def create_group(self, request: Record) -> Record:
        """Answer CreateModelPackageGroup."""
        name = request["ModelPackageGroupName"]
        arn = self._store.arn("model-package-group", name)
        if name in self._store["package_groups"]:
            raise invalid(f"Model Package Group already exists: {arn}")
        self._store["package_groups"][name] = {
            "ModelPackageGroupName": name,
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupDescription": request.get("ModelPackageGroupDescription"),
            "CreationTime": now(),
            "CreatedBy": {},
            "ModelPackageGroupStatus": "Completed",
            "_last_version": 0,
        }
        self._store.tag(arn, request.get("Tags"))
        return {"ModelPackageGroupArn": arn}

    def _group(self, name_or_arn: str) -> Record:
        name = name_or_arn.rpartition("/")[2]
        group = self._store["package_groups"].get(name)
        if group is None:
            arn = self._store.arn("model-package-group", name)
            raise invalid(f"ModelPackageGroup {arn} does not exist.")
        return group

    def _describe_group(self, request: Record) -> Record:
        return validate.answer(
            "DescribeModelPackageGroup", self._group(request["ModelPackageGroupName"])
        )

    def _list_groups(self, request: Record) -> Record:
        found = _named(self._store["package_groups"], "ModelPackageGroupName", request)
        return _listing("ListModelPackageGroups", found, request, descending=False)

    def delete_group(self, request: Record) -> Record:
        """Answer DeleteModelPackageGroup; a group that holds packages stays."""
        group = self._group(request["ModelPackageGroupName"])
        name, arn = group["ModelPackageGroupName"], group["ModelPackageGroupArn"]
        if any(each.get("ModelPackageGroupName") == name for each in self._packages()):
            raise conflict(
                f"Model Package Group {arn} cannot be deleted since it contains Model Packages."
            )
        self._store.forget("package_groups", name, arn)
        return {}

    # --- model packages ------------------------------------------------------

    def create_package(self, request: Record) -> Record:
        """Answer CreateModelPackage; the version is the next of its group."""
        if "ModelPackageGroupName" not in request:
            raise invalid("The local platform registers versioned packages only: name their group.")
        group = self._group(request["ModelPackageGroupName"])
        specification = request.get("InferenceSpecification", {})
        for container in specification.get("Containers", []):
            if "Image" in container:
                self._images.require(container["Image"])
        group["_last_version"] += 1
        name, version = group["ModelPackageGroupName"], group["_last_version"]
        arn = self._store.arn("model-package", f"{name}/{version}")
        kept = {
            member: value
            for member, value in request.items()
            if member not in {"Tags", "ClientToken", "ModelPackageName"}
        }
        package = kept | {
            "ModelPackageGroupName": name,
            "ModelPackageVersion": version,
            "ModelPackageArn": arn,
            "ModelPackageName": arn,
            "CreationTime": now(),
            "LastModifiedTime": now(),
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "ModelApprovalStatus": request.get("ModelApprovalStatus", "PendingManualApproval"),
            "CertifyForMarketplace": request.get("CertifyForMarketplace", False),
        }
        self._store["packages"][arn] = package
        self._store.tag(arn, request.get("Tags"))
        self._tell(package)
        return {"ModelPackageArn": arn}

    def package(self, name_or_arn: str) -> Record:
        """Return a model package.

        Raises
        ------
        ApiError
            It does not exist.
        """
        package = self._store["packages"].get(name_or_arn)
        if package is None:
            raise invalid(f"ModelPackage {name_or_arn} does not exist.")
        return package

    def _packages(self) -> list[Record]:
        return list(self._store["packages"].values())

    def _describe_package(self, request: Record) -> Record:
        return validate.answer("DescribeModelPackage", self.package(request["ModelPackageName"]))

    def _list_packages(self, request: Record) -> Record:
        found = _named(self._store["packages"], "ModelPackageGroupName", request)
        group = request.get("ModelPackageGroupName", "").rpartition("/")[2]
        if group:
            self._group(group)
            found = [each for each in found if each["ModelPackageGroupName"] == group]
        approval = request.get("ModelApprovalStatus")
        if approval:
            found = [each for each in found if each["ModelApprovalStatus"] == approval]
        return _listing("ListModelPackages", found, request, descending=False)

    def _update_package(self, request: Record) -> Record:
        package = self.package(request["ModelPackageArn"])
        removed = request.get("CustomerMetadataPropertiesToRemove", [])
        metadata = {
            **package.get("CustomerMetadataProperties", {}),
            **request.get("CustomerMetadataProperties", {}),
        }
        before = package["ModelApprovalStatus"]
        package.update(
            {member: value for member, value in request.items() if member in _UPDATED},
            CustomerMetadataProperties={
                key: value for key, value in metadata.items() if key not in removed
            },
            LastModifiedTime=now(),
        )
        if package["ModelApprovalStatus"] != before:
            self._tell(package)
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def _delete_package(self, request: Record) -> Record:
        arn = self.package(request["ModelPackageName"])["ModelPackageArn"]
        self._store.forget("packages", arn, arn)
        return {}

    def _tell(self, package: Record) -> None:
        events.package_changed(package, self._store.tags.get(package["ModelPackageArn"], {}))

    # --- models --------------------------------------------------------------

    def _create_model(self, request: Record) -> Record:
        name = request["ModelName"]
        arn = self._store.arn("model", name)
        if name in self._store["models"]:
            raise invalid(f'Cannot create already existing model "{arn}".')
        containers = request.get("Containers") or [request.get("PrimaryContainer")]
        if len(containers) != 1 or not containers[0]:
            raise invalid("The local platform serves models of exactly one container.")
        container = self.container(containers[0])
        self._images.require(container["Image"])
        self._require_data(request.get("ExecutionRoleArn", ""), container, arn)
        self._store["models"][name] = {
            **{member: value for member, value in request.items() if member != "Tags"},
            "ModelArn": arn,
            "CreationTime": now(),
        }
        self._store.tag(arn, request.get("Tags"))
        return {"ModelArn": arn}

    @staticmethod
    def _require_data(role: str, container: Record, arn: str) -> None:
        """Refuse a model whose data its role may not read."""
        artifact = container.get("ModelDataUrl")
        try:
            with roles.acting(access.assumed(role, arn)):
                if artifact:
                    access.to_read(*objects.split(artifact))
        except RefusedError as error:
            raise invalid(
                f"Could not access model data at {artifact}. Please ensure that the role {role!r} exists, "
                f"trusts '{roles.SAGEMAKER}' and has s3:GetObject permissions: {error}"
            ) from error

    def container(self, container: Record) -> Record:
        """Return a container's image, artifact and environment, from its model package where it names one."""
        if "ModelPackageName" not in container:
            if "Image" not in container:
                raise invalid("A container needs an Image or a ModelPackageName.")
            return container
        package = self.package(container["ModelPackageName"])
        if package["ModelApprovalStatus"] != "Approved":
            raise invalid(
                f"Model package {package['ModelPackageArn']} has not been approved for deployment."
            )
        packed: Record = package["InferenceSpecification"]["Containers"][0]
        environment = {**packed.get("Environment", {}), **container.get("Environment", {})}
        return {**packed, "Environment": environment}

    def model(self, name: str) -> Record:
        """Return a model.

        Raises
        ------
        ApiError
            It does not exist.
        """
        model = self._store["models"].get(name)
        if model is None:
            raise invalid(f'Could not find model "{self._store.arn("model", name)}".')
        return model

    def _describe_model(self, request: Record) -> Record:
        return validate.answer("DescribeModel", self.model(request["ModelName"]))

    def _list_models(self, request: Record) -> Record:
        found = _named(self._store["models"], "ModelName", request)
        return _listing("ListModels", found, request, descending=True)

    def _delete_model(self, request: Record) -> Record:
        model = self.model(request["ModelName"])
        self._store.forget("models", model["ModelName"], model["ModelArn"])
        return {}

    # --- endpoint configurations ---------------------------------------------

    def _create_config(self, request: Record) -> Record:
        name = request["EndpointConfigName"]
        arn = self._store.arn("endpoint-config", name)
        if name in self._store["endpoint_configs"]:
            raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
        for member in ("ShadowProductionVariants", "AsyncInferenceConfig"):
            if member in request:
                raise invalid(f"The local platform does not know {member}.")
        serverless.check_config(request)
        for variant in request["ProductionVariants"]:
            if "ModelName" not in variant:
                raise invalid("The local platform serves variants with a ModelName.")
            serverless.check_model(request, self.model(variant["ModelName"]))
            variant.setdefault("InitialVariantWeight", 1.0)
            if "ServerlessConfig" not in variant:
                variant.setdefault("InitialInstanceCount", 1)
        self._store["endpoint_configs"][name] = {
            **{member: value for member, value in request.items() if member != "Tags"},
            "EndpointConfigArn": arn,
            "CreationTime": now(),
        }
        self._store.tag(arn, request.get("Tags"))
        return {"EndpointConfigArn": arn}

    def config(self, name: str) -> Record:
        """Return an endpoint configuration.

        Raises
        ------
        ApiError
            It does not exist.
        """
        config = self._store["endpoint_configs"].get(name)
        if config is None:
            arn = self._store.arn("endpoint-config", name)
            raise invalid(f'Could not find endpoint configuration "{arn}".')
        return config

    def _describe_config(self, request: Record) -> Record:
        return validate.answer("DescribeEndpointConfig", self.config(request["EndpointConfigName"]))

    def _list_configs(self, request: Record) -> Record:
        found = _named(self._store["endpoint_configs"], "EndpointConfigName", request)
        return _listing("ListEndpointConfigs", found, request, descending=True)

    def _delete_config(self, request: Record) -> Record:
        config = self.config(request["EndpointConfigName"])
        name, arn = config["EndpointConfigName"], config["EndpointConfigArn"]
        for endpoint in self._store["endpoints"].values():
            if name in {endpoint["EndpointConfigName"], endpoint.get("_next_config")}:
                # AWS lets it happen and the endpoint is then past mending; here it is an error at once
                raise invalid(
                    f'Cannot delete endpoint configuration "{arn}": '
                    f"endpoint {endpoint['EndpointName']} uses it."
                )
        self._store.forget("endpoint_configs", name, arn)
        return {}

    # --- tags ----------------------------------------------------------------

    def _add_tags(self, request: Record) -> Record:
        self._store.tag(request["ResourceArn"], request["Tags"])
        return {"Tags": self._tags(request["ResourceArn"])}

    def _list_tags(self, request: Record) -> Record:
        return {"Tags": self._tags(request["ResourceArn"])}

    def _delete_tags(self, request: Record) -> Record:
        with self._store.lock:
            tags = self._store.tags.get(request["ResourceArn"], {})
            for key in request["TagKeys"]:
                tags.pop(key, None)
        return {}

    def _tags(self, arn: str) -> list[dict[str, str]]:
        tags = self._store.tags.get(arn, {})
        return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _named(table: dict[str, Record], member: str, request: Record) -> list[Record]:
    """Return the records that satisfy the filters that all list operations share."""
    found = list(table.values())
    wanted = request.get("NameContains")
    if wanted:
        found = [each for each in found if wanted.lower() in each[member].lower()]
    after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
    if after is not None:
        found = [each for each in found if each["CreationTime"] >= after]
    if before is not None:
        found = [each for each in found if each["CreationTime"] <= before]
    return found


def _listing(name: str, found: list[Record], request: Record, *, descending: bool) -> Record:
    member, _ = validate.listed(name)
    shown, rest = page(found, request, key=_sort_key(request), descending=descending)
    return {member: validate.summaries(name, shown), **rest}


def _sort_key(request: Record) -> Callable[[Record], Any]:
    def by_name(record: Record) -> Any:
        return next(value for member, value in record.items() if member.endswith("Name"))

    def by_creation(record: Record) -> Any:
        return record["CreationTime"], record.get("ModelPackageVersion", 0)

    return by_name if request.get("SortBy") == "Name" else by_creation
